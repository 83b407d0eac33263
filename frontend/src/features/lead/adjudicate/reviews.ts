import { t } from "@lingui/core/macro";

import type { Reviewable } from "@/api/types";

export const REVIEW_STATES: { value: Reviewable["state"]; label: string }[] = [
  { value: "unreviewed", get label() { return t`Not reviewed`; } },
  { value: "accepted", get label() { return t`Accepted`; } },
  { value: "returned", get label() { return t`Returned`; } },
  { value: "corrected", get label() { return t`Corrected`; } },
];

/** A judgment whose tiers name places is one whose tiers name keys "0", "1", … */
export function saidByPlace({ tiers, verdict, strengths }: Pick<Reviewable, "tiers" | "verdict" | "strengths">) {
  return { tiers: tiers.map((tier) => tier.map(String)), verdict, strengths };
}

/** The letter under which the response at a place was shown. */
export const letterAt = (place: string): string => String.fromCharCode(65 + Number(place));

/** Where each response ended: 1 is best; null where nothing was ranked. */
export function rankOf(row: Pick<Reviewable, "tiers" | "verdict">, place: number): number | null {
  if (row.verdict !== "none") return null;
  const tier = row.tiers.findIndex((members) => members.includes(place));
  return tier < 0 ? null : tier + 1;
}
