import { t } from "@lingui/core/macro";

import { bounds, percent } from "@/lib/format";
import { inOrder } from "@/lib/language";
import { sampled } from "@/lib/shapes";

import classes from "./IntervalText.module.css";

/** A share with its n and its interval, or a dash where nothing was counted yet. */
export function IntervalText({ value }: { value: unknown }) {
  const sample = sampled(value);
  if (!sample) return <span className={classes.none}>–</span>;
  return (
    <span className={classes.interval} title={sample.method ? t`95% interval (${sample.method})` : t`95% interval`}>
      {percent(sample.value)} <small>{inOrder(`(${bounds(sample).replace(" · ", ", ")})`)}</small>
    </span>
  );
}
