import { plural, t } from "@lingui/core/macro";

import type { Model } from "@/api/types";
import { interval, label, metric } from "@/lib/format";
import { number, sampled, text } from "@/lib/shapes";

/** What is worth knowing of a version at a glance. */
export function summaryLine(model: Model): string | null {
  const accuracy = sampled(model.summary.eval_accuracy);
  if (accuracy) return t`accuracy ${interval(accuracy)}`;
  for (const key of ["eval_rewards/accuracies", "reward", "eval_loss"]) {
    const value = number(model.summary[key]);
    if (value !== null) return `${key} ${metric(value)}`;
  }
  const comparisons = number(model.summary.num_comparisons);
  return comparisons === null ? text(model.source) : plural(comparisons, { one: "# comparisons", other: "# comparisons" });
}

/** Every entry of a summary, in words. */
export function summaryRows(model: Model): [string, string][] {
  return Object.entries(model.summary).map(([key, value]) => {
    const sample = sampled(value);
    if (sample) return [label(key), interval(sample)];
    const figure = number(value);
    return [label(key), figure === null ? (text(value) ?? JSON.stringify(value)) : metric(figure)];
  });
}
