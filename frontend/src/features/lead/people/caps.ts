import type { Caps } from "@/api/types";
import { count } from "@/lib/format";

export type CapName = keyof Caps;

export const CAP_WORDS: Record<CapName, string> = {
  per_day: "Judgments a day",
  in_total: "Judgments in all",
  batch_percent: "Percent of one batch",
};

export function capText(name: CapName, cap: number | null): string {
  if (cap === null) return "no cap";
  return name === "batch_percent" ? `${cap}%` : count(cap);
}
