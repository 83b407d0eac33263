import { t } from "@lingui/core/macro";

import { count } from "@/lib/format";
import { apart, inOrder } from "@/lib/language";
import type { EstimateLike } from "@/lib/csv";

import classes from "./IntervalText.module.css";

interface Props {
  of: EstimateLike & { method?: string };
  /** How one number is written; the unit belongs here. */
  write: (value: number) => string;
  /** The interval goes under the figure. */
  stacked?: boolean;
}

/** A figure with its interval and n, whatever its unit. */
export function EstimateText({ of, write, stacked = false }: Props) {
  if (of.value === null) {
    return (
      <span className={classes.none} title={t`Nothing to compute it from yet`}>
        –
      </span>
    );
  }
  const interval = of.low === null || of.high === null ? t`no interval` : range(write(of.low), write(of.high));
  return (
    <span className={stacked ? `${classes.interval} ${classes.stacked}` : classes.interval} title={of.method ? t`95% interval (${of.method})` : undefined}>
      {apart(write(of.value))} <small>{inOrder(stacked ? `${interval}, n = ${count(of.n)}` : `(${interval}, n = ${count(of.n)})`)}</small>
    </span>
  );
}

const bare = (figure: string): string => figure.replace(/ ?(%|\p{L}+)$/u, "");

/** "66.9–75.7": the figure before it has named the unit. */
function range(low: string, high: string): string {
  const [from, to] = [bare(low), bare(high)];
  return low.startsWith("−") || high.startsWith("−") ? t`${from} to ${to}` : `${from}–${to}`;
}
