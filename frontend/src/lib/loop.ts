import { t } from "@lingui/core/macro";

import type { Round, RoundStep, StepName, WinRate } from "@/api/types";

import { sampled, type Sampled } from "./shapes";

export const STEP_NAMES: readonly StepName[] = ["sample", "label", "snapshot", "reward", "policy", "evaluate"];

export function stepOf(round: Round, name: StepName): RoundStep | undefined {
  return round.steps.find((step) => step.name === name);
}

export interface Result {
  judge: "people" | "reward_model";
  baseline: string;
  sample: Sampled;
}

/** A round's win rates, where anything was judged. */
export function resultsOf(round: Round): Result[] {
  return round.evaluations.flatMap((evaluation) => asResult(evaluation));
}

function asResult({ judge, baseline, win_rate }: WinRate): Result[] {
  const sample = sampled(win_rate);
  return sample ? [{ judge, baseline, sample }] : [];
}

/** The result a round is known by: people before the reward model, the base before any other. */
export function headline(round: Round): Result | null {
  const base = typeof round.spec.base === "string" ? round.spec.base : null;
  const results = resultsOf(round);
  const order = (result: Result) => (result.judge === "people" ? 0 : 2) + (result.baseline === base ? 0 : 1);
  return results.sort((a, b) => order(a) - order(b))[0] ?? null;
}

/** Who compared, as it stands in a sentence. */
export const JUDGES = {
  get people() { return t`people`; },
  get reward_model() { return t`reward model`; },
} as const;
