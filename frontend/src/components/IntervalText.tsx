import { bounds, percent } from "@/lib/format";
import { sampled } from "@/lib/shapes";

import classes from "./IntervalText.module.css";

/** A share with its n and its interval, or a dash where nothing was counted yet. */
export function IntervalText({ value }: { value: unknown }) {
  const sample = sampled(value);
  if (!sample) return <span className={classes.none}>–</span>;
  return (
    <span className={classes.interval} title={`95% interval${sample.method ? ` (${sample.method})` : ""}`}>
      {percent(sample.value)} <small>({bounds(sample).replace(" · ", ", ")})</small>
    </span>
  );
}
