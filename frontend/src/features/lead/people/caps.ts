import { t } from "@lingui/core/macro";

import type { Caps } from "@/api/types";
import { count } from "@/lib/format";

export type CapName = keyof Caps;

export const CAP_WORDS: Record<CapName, string> = {
  get per_day() { return t`Judgments a day`; },
  get in_total() { return t`Judgments in all`; },
  get batch_percent() { return t`Percent of one batch`; },
};

/** Somebody's own caps on one line; null where all are the project's. */
export function ownCapsText(caps: Caps | null): string | null {
  const own = (Object.keys(CAP_WORDS) as CapName[]).filter((name) => caps?.[name] !== undefined);
  return own.length === 0 ? null : own.map((name) => `${CAP_WORDS[name]}: ${capText(name, caps?.[name] ?? null)}`).join("; ");
}

export function capText(name: CapName, cap: number | null): string {
  if (cap === null) return t`no cap`;
  return name === "batch_percent" ? `${cap}%` : count(cap);
}
