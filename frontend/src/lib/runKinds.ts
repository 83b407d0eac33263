import type { RunKind, RunState } from "@/api/types";

export const KINDS: readonly RunKind[] = ["sft", "reward", "dpo", "rloo", "sample", "evaluate"];

export const KIND_NAMES: Record<RunKind, string> = {
  sft: "SFT",
  reward: "Reward model",
  dpo: "DPO",
  rloo: "RLOO",
  sample: "Sample",
  evaluate: "Evaluate",
};

export const STATES: readonly RunState[] = ["queued", "starting", "running", "succeeded", "failed", "cancelled"];
