import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";

import { bounds, count, percent } from "@/lib/format";
import { apart, inOrder } from "@/lib/language";
import type { Sampled } from "@/lib/shapes";

import classes from "./Whiskers.module.css";

export interface Whisker {
  id: string;
  name: string;
  note?: string;
  sample: Sampled;
  colour: string;
  /** An open dot: another kind of judge. */
  hollow?: boolean;
}

/** The line the dots stand on. */
export interface Scale {
  low: number;
  high: number;
  /** The values that are written over the line, each where it stands. */
  marks: readonly number[];
  /** Where a dashed line crosses all rows: chance, or no habit. */
  middle?: number;
  /** Of shares, written as percentages. */
  shares?: boolean;
  write: (value: number) => string;
}

interface Props {
  title: string;
  rows: readonly Whisker[];
  scale?: Scale;
}

const PADDING = 2;

export const SHARES: Scale = { low: 0, high: 1, marks: [0, 0.5, 1], middle: 0.5, shares: true, write: (share) => percent(share, 0) };

/** Figures as dots with their intervals on one line; the table beside the dots is the data. */
export function Whiskers({ title, rows, scale = SHARES }: Props) {
  return (
    <table className={classes.whiskers} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th aria-hidden>
            <div className={classes.axis} dir="ltr">
              {scale.marks.map((mark) => (
                <span key={mark} style={{ left: at(scale, mark) }}>{scale.write(mark)}</span>
              ))}
            </div>
          </th>
          <th scope="col" className={classes.number}>
            <Trans>95% interval, n</Trans>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">
              {row.name}
              {row.note ? <small>{row.note}</small> : null}
            </th>
            <td>
              <Line row={row} scale={scale} />
            </td>
            <td className={classes.number}>
              {scale.shares ? percent(row.sample.value) : apart(scale.write(row.sample.value))}{" "}
              <small>{scale.shares ? bounds(row.sample) : boundsOn(scale, row.sample)}</small>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function boundsOn({ write }: Scale, { low, high, n }: Sampled): string {
  const [from, to] = [write(low), write(high)];
  return inOrder(`${t`${from} to ${to}`} · n = ${count(n)}`);
}

/** How far from the left a value stands. */
function at(scale: Scale, value: number): string {
  const share = (value - scale.low) / (scale.high - scale.low);
  return `${PADDING + Math.max(0, Math.min(1, share)) * (100 - 2 * PADDING)}%`;
}

function Line({ row, scale }: { row: Whisker; scale: Scale }) {
  const { value, low, high } = row.sample;
  return (
    <svg className={classes.line} height={26} direction="ltr" aria-hidden>
      <line x1={at(scale, scale.low)} x2={at(scale, scale.high)} y1={13} y2={13} className={classes.rule} />
      {scale.middle === undefined ? null : (
        <line x1={at(scale, scale.middle)} x2={at(scale, scale.middle)} y1={0} y2={26} className={classes.half} />
      )}
      <line x1={at(scale, low)} x2={at(scale, high)} y1={13} y2={13} stroke={row.colour} strokeWidth={2.5} strokeLinecap="round" />
      <circle
        cx={at(scale, value)}
        cy={13}
        r={5}
        fill={row.hollow ? "var(--pl-panel)" : row.colour}
        stroke={row.colour}
        strokeWidth={2}
      />
    </svg>
  );
}
