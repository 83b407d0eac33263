import { t } from "@lingui/core/macro";

import type { AgreementPair } from "@/api/types";
import { count } from "@/lib/format";
import { inOrder } from "@/lib/language";

import { pairKey, two } from "./figures";
import classes from "./Quality.module.css";

interface Props {
  pairs: readonly AgreementPair[];
  nameOf: (id: number) => string;
}

/** Everybody against everybody; the deeper the tint, the more they agree. */
export function Matrix({ pairs, nameOf }: Props) {
  const people = [...new Set(pairs.flatMap((pair) => pair.annotators))].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const found = new Map(pairs.map((pair) => [pairKey(pair.annotators[0] ?? 0, pair.annotators[1] ?? 0), pair]));
  return (
    <div className={classes.matrixWrap} tabIndex={0} role="region" aria-label={t`Agreement matrix`}>
      <table className={classes.matrix} aria-label={t`Cohen's kappa of each two annotators`}>
        <thead>
          <tr>
            <td />
            {people.map((id) => (
              <th key={id} scope="col">
                {nameOf(id)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {people.map((row) => (
            <tr key={row}>
              <th scope="row">{nameOf(row)}</th>
              {people.map((column) => (
                <Cell key={column} pair={row === column ? undefined : found.get(pairKey(row, column))} same={row === column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ pair, same }: { pair: AgreementPair | undefined; same: boolean }) {
  if (same) return <td className={classes.self} />;
  if (!pair || pair.value === null) return <td className={classes.blank}>–</td>;
  const { value, low, high, n } = pair;
  const tint = Math.round(Math.max(0, Math.min(1, value)) * 42);
  return (
    <td
      style={{ background: `color-mix(in srgb, var(--pl-series-0) ${tint}%, var(--pl-panel))` }}
      title={low === null || high === null ? undefined : t`95% interval ${two(low)} to ${two(high)}, n = ${count(n)}`}
    >
      {inOrder(two(value))}
      <small>{inOrder(`n = ${count(n)}`)}</small>
    </td>
  );
}
