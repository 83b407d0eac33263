import { bounds, percent } from "@/lib/format";
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

interface Props {
  title: string;
  rows: readonly Whisker[];
}

const PADDING = 2;

/** Shares as dots with their intervals on one 0–100% line; the table beside the dots is the data. */
export function Whiskers({ title, rows }: Props) {
  return (
    <table className={classes.whiskers} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th aria-hidden>
            <div className={classes.axis}>
              <span>0%</span>
              <span>50%</span>
              <span>100%</span>
            </div>
          </th>
          <th scope="col" className={classes.number}>
            95% interval, n
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
              <Line row={row} />
            </td>
            <td className={classes.number}>
              {percent(row.sample.value)} <small>{bounds(row.sample)}</small>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Line({ row }: { row: Whisker }) {
  const at = (share: number) => `${PADDING + share * (100 - 2 * PADDING)}%`;
  const { value, low, high } = row.sample;
  return (
    <svg className={classes.line} height={26} aria-hidden>
      <line x1={at(0)} x2={at(1)} y1={13} y2={13} className={classes.rule} />
      <line x1={at(0.5)} x2={at(0.5)} y1={0} y2={26} className={classes.half} />
      <line x1={at(low)} x2={at(high)} y1={13} y2={13} stroke={row.colour} strokeWidth={2.5} strokeLinecap="round" />
      <circle
        cx={at(value)}
        cy={13}
        r={5}
        fill={row.hollow ? "var(--pl-panel)" : row.colour}
        stroke={row.colour}
        strokeWidth={2}
      />
    </svg>
  );
}
