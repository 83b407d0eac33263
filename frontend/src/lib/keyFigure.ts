import { plural, t } from "@lingui/core/macro";

import type { Run } from "@/api/types";

import { interval, metric } from "./format";
import { isRecord, number, sampled } from "./shapes";

/** The one number of a finished run that matters in a list. */
export function keyFigure(run: Pick<Run, "kind" | "result" | "produced_model">): string | null {
  const own = isRecord(run.result.summary) ? run.result.summary : {};
  const summary: Record<string, unknown> = { ...own, ...run.produced_model?.summary };
  switch (run.kind) {
    case "reward": {
      const accuracy = sampled(summary.eval_accuracy) ?? sampled(summary.test_accuracy);
      return accuracy ? t`accuracy ${interval(accuracy)}` : null;
    }
    case "sample": {
      const tasks = number(run.result.tasks);
      return tasks === null ? null : plural(tasks, { one: "# task", other: "# tasks" });
    }
    case "evaluate": {
      const tasks = number(run.result.tasks);
      return tasks === null ? null : plural(tasks, { one: "# blind task", other: "# blind tasks" });
    }
    default:
      return firstNumber(summary, ["rewards/accuracies", "eval_rewards/accuracies", "reward", "kl", "eval_loss", "loss"]);
  }
}

function firstNumber(summary: Record<string, unknown>, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = number(summary[key]);
    if (value !== null) return `${key} ${metric(value)}`;
  }
  return null;
}
