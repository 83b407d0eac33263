import { t } from "@lingui/core/macro";

import type { Message } from "@/api/types";

import { inOrder } from "./language";

/** The last thing that was asked, on one line. */
export function asked(messages: readonly Pick<Message, "role" | "content">[]): string {
  const last = messages.findLast((message) => message.role === "user") ?? messages.at(-1);
  return (last?.content ?? "").replace(/\s+/g, " ").trim();
}

export function clip(text: string, most = 120): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

export const ARM_WORDS = {
  get active() { return t`Active`; },
  get random() { return t`Random`; },
  get gold() { return t`Gold`; },
  get repeat() { return t`Repeat`; },
  get evaluation() { return t`Evaluation`; },
  get adjudication() { return t`Adjudication`; },
} as const;

export const ARM_OPTIONS = (Object.keys(ARM_WORDS) as (keyof typeof ARM_WORDS)[]).map((value) => ({
  value,
  get label() { return ARM_WORDS[value]; },
}));

const VERDICT_WORDS = {
  get both_good() { return t`All good`; },
  get both_bad() { return t`All bad`; },
  get cannot_judge() { return t`Cannot judge`; },
} as const;
const STRENGTH_SIGNS = ["", "›", "»", "⋙"];
const strengthWords = () => [t`over`, t`slightly over`, t`over`, t`much over`];

interface SaidLike {
  tiers: readonly (readonly string[])[];
  verdict: "none" | keyof typeof VERDICT_WORDS;
  strengths: readonly number[];
}

/** A ranking by letters, best first: "B ⋙ A = C"; `name` gives a response its letter. */
export function ranking(said: SaidLike, name: (key: string) => string): string {
  if (said.verdict !== "none") return VERDICT_WORDS[said.verdict];
  return inOrder(join(said, name, (strength) => ` ${STRENGTH_SIGNS[strength] ?? "›"} `, " = "));
}

/** The same for those who listen: "B much over A and C alike". */
export function rankingAloud(said: SaidLike, name: (key: string) => string): string {
  if (said.verdict !== "none") return VERDICT_WORDS[said.verdict];
  const and = t` and `;
  const all = join(said, name, () => "", and);
  if (said.tiers.length === 1) return t`Tie of ${all}`;
  return join(said, name, (strength) => ` ${strengthWords()[strength] ?? t`over`} `, and);
}

function join(said: SaidLike, name: (key: string) => string, over: (strength: number) => string, tie: string): string {
  return said.tiers.map((tier, at) => (at === 0 ? "" : over(said.strengths[at - 1] ?? 2)) + tier.map(name).sort().join(tie)).join("");
}
