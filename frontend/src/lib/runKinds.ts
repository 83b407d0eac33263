import { t } from "@lingui/core/macro";

import type { RunKind, RunState, Snapshot } from "@/api/types";

/** The kinds of run as the forms offer them: how a model is made, then what is done with it. */
export const KIND_GROUPS: readonly { group: string; items: readonly RunKind[] }[] = [
  { get group() { return t`From demonstrations`; }, items: ["sft"] },
  { get group() { return t`From judgments`; }, items: ["reward", "dpo", "kto"] },
  { get group() { return t`From a reward`; }, items: ["ppo", "rloo", "grpo"] },
  { get group() { return t`With a model`; }, items: ["sample", "evaluate"] },
];

export const KINDS: readonly RunKind[] = KIND_GROUPS.flatMap(({ items }) => items);

export const KIND_NAMES: Record<RunKind, string> = {
  sft: "SFT",
  get reward() { return t`Reward model`; },
  dpo: "DPO",
  kto: "KTO",
  ppo: "PPO",
  rloo: "RLOO",
  grpo: "GRPO",
  get sample() { return t`Sample`; },
  get evaluate() { return t`Evaluate`; },
};

/** What a run may read. */
export const SNAPSHOT_KINDS: Partial<Record<RunKind, readonly Snapshot["kind"][]>> = {
  sft: ["demonstrations", "preferences"],
  reward: ["preferences", "rankings"],
  dpo: ["preferences"],
  kto: ["unpaired", "preferences"],
  ppo: ["prompts", "preferences"],
  rloo: ["prompts", "preferences"],
  grpo: ["prompts", "preferences"],
};

/** What can move the policy in a round. */
export const METHODS = ["dpo", "kto", "ppo", "rloo", "grpo"] as const satisfies readonly RunKind[];
export type Method = (typeof METHODS)[number];

export function isMethod(value: unknown): value is Method {
  return METHODS.some((method) => method === value);
}

/** One sentence for each method, under the control that chooses it. */
export const METHOD_WORDS: Record<Method, string> = {
  get dpo() { return t`Learns straight from pairs. The reward model is trained as well, to judge.`; },
  get kto() { return t`Learns from good and bad replies, one by one. The reward model is trained as well, to judge.`; },
  get ppo() { return t`Samples, scores with the reward model, and learns token by token with a critic.`; },
  get rloo() { return t`Samples several replies to a prompt, and compares each one's score with the others'.`; },
  get grpo() { return t`As RLOO, with scores scaled within the replies to one prompt.`; },
};

export const STATES: readonly RunState[] = ["queued", "starting", "running", "succeeded", "failed", "cancelled"];
