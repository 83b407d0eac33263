import type { MetricPoint } from "@/api/types";

/** What a researcher looks at first, in this order; everything else follows by name. */
const FIRST = [
  "reward",
  "kl",
  "loss",
  "eval_loss",
  "rewards/accuracies",
  "eval_rewards/accuracies",
  "rewards/margins",
  "accuracy",
  "eval_accuracy",
  "margin",
  "rewards/chosen",
  "rewards/rejected",
  "entropy",
  "completions/mean_length",
  "grad_norm",
  "learning_rate",
];
/** Bookkeeping of the trainer: known anyway. */
const LAST = new Set(["epoch", "num_tokens", "step_time", "total_flos"]);

export interface Series {
  name: string;
  points: { step: number; value: number }[];
}

export function seriesOf(points: readonly MetricPoint[]): Series[] {
  const byKey = new Map<string, Series>();
  for (const { key, step, value } of points) {
    const series = byKey.get(key) ?? { name: key, points: [] };
    series.points.push({ step, value });
    byKey.set(key, series);
  }
  for (const series of byKey.values()) series.points.sort((a, b) => a.step - b.step);
  return [...byKey.values()].sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}

function rank(name: string): number {
  if (LAST.has(name)) return FIRST.length + 1;
  const index = FIRST.indexOf(name);
  return index < 0 ? FIRST.length : index;
}
