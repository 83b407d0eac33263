import { t } from "@lingui/core/macro";

import type { GoldAnswer } from "@/api/tasks";

/** Letter → place; equal places leave the order free. */
export type PlacesByLetter = Readonly<Record<string, number>>;

export function placesOf(tiers: readonly (readonly string[])[]): PlacesByLetter {
  return Object.fromEntries(tiers.flatMap((tier, at) => tier.map((letter) => [letter, at + 1] as const)));
}

/** Best tier first; null while a response has no place. Gaps between places mean nothing. */
export function tiersFrom(letters: readonly string[], places: PlacesByLetter): string[][] | null {
  if (letters.some((letter) => places[letter] === undefined)) return null;
  const used = [...new Set(letters.map((letter) => places[letter] ?? 0))].sort((a, b) => a - b);
  return used.map((place) => letters.filter((letter) => places[letter] === place));
}

type Verdict = NonNullable<GoldAnswer["verdict"]>;

/** What still stops the answer from being one; null when it is complete. */
export function missingFrom(letters: readonly string[], places: PlacesByLetter, verdict: Verdict): string | null {
  if (verdict !== "none") return null;
  const tiers = tiersFrom(letters, places);
  if (!tiers) return t`Give every response a place.`;
  return tiers.length === 1 ? t`One place for all is no answer: put a response first, or say that all are good or bad.` : null;
}
