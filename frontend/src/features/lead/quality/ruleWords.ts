import { t } from "@lingui/core/macro";

import type { Rule } from "@/api/types";
import { percent } from "@/lib/format";

type Measure = Rule["measure"];

export const MEASURE_WORDS: Record<Measure, string> = {
  get gold_accuracy() { return t`Gold accuracy`; },
  get self_consistency() { return t`Self-consistency on repeats`; },
  get too_fast_share() { return t`Share of answers too fast to have read`; },
  get left_bias() { return t`Distance of “first shown won” from one half`; },
  get length_bias() { return t`Distance of “longer won” from everybody else's`; },
  get reliability() { return t`Reliability`; },
  get task_agreement() { return t`Agreement on a task`; },
};

export const ACTION_WORDS: Record<Rule["action"], string> = {
  get pause() { return t`Pause the annotator`; },
  get notify() { return t`Tell the leads`; },
  get adjudicate() { return t`Send the task to adjudication`; },
};

const ABOVE: ReadonlySet<Measure> = new Set(["too_fast_share", "left_bias", "length_bias"]);

export const firesAbove = (measure: Measure): boolean => ABOVE.has(measure);

/** What a rule on this measure may do. */
export function actionsOf(measure: Measure): Rule["action"][] {
  return measure === "task_agreement" ? ["adjudicate", "notify"] : ["pause", "notify"];
}

export function ruleInWords({ measure, threshold }: Pick<Rule, "measure" | "threshold">): string {
  const written = measure === "task_agreement" ? threshold.toFixed(2) : percent(threshold, 0);
  const name = MEASURE_WORDS[measure];
  return firesAbove(measure) ? t`${name} above ${written}` : t`${name} below ${written}`;
}
