import type { Rule } from "@/api/types";
import { percent } from "@/lib/format";

type Measure = Rule["measure"];

export const MEASURE_WORDS: Record<Measure, string> = {
  gold_accuracy: "Gold accuracy",
  self_consistency: "Self-consistency on repeats",
  too_fast_share: "Share of answers too fast to have read",
  left_bias: "Distance of “first shown won” from one half",
  length_bias: "Distance of “longer won” from everybody else's",
  reliability: "Reliability",
  task_agreement: "Agreement on a task",
};

export const ACTION_WORDS: Record<Rule["action"], string> = {
  pause: "Pause the annotator",
  notify: "Tell the leads",
  adjudicate: "Send the task to adjudication",
};

const ABOVE: ReadonlySet<Measure> = new Set(["too_fast_share", "left_bias", "length_bias"]);

export const firesAbove = (measure: Measure): boolean => ABOVE.has(measure);

/** What a rule on this measure may do. */
export function actionsOf(measure: Measure): Rule["action"][] {
  return measure === "task_agreement" ? ["adjudicate", "notify"] : ["pause", "notify"];
}

export function ruleInWords({ measure, threshold }: Pick<Rule, "measure" | "threshold">): string {
  const written = measure === "task_agreement" ? threshold.toFixed(2) : percent(threshold, 0);
  return `${MEASURE_WORDS[measure]} ${firesAbove(measure) ? "above" : "below"} ${written}`;
}
