import type { Assignment } from "@/api/types";

import { isPair, keysOf, tiersOf, type Draft } from "./judgment";

export interface Outcome {
  word: string;
  /** For a narrow tab. */
  short: string;
  /** Preferred over the others, so far. */
  chosen: boolean;
}

const SIZES = ["", "Slightly better", "Better", "Much better"];

/** What the draft says of one response, for its card and tab. */
export function outcomeOf(assignment: Assignment, draft: Draft, index: number): Outcome | null {
  return isPair(assignment) ? inPair(assignment, draft, index) : inOrder(assignment, draft, index);
}

function inPair(assignment: Assignment, { choice }: Draft, index: number): Outcome | null {
  if (choice === null) return null;
  if (choice === "both_bad") return { word: "Bad", short: "bad", chosen: false };
  if (choice === "both_good") return { word: "Good", short: "good", chosen: true };
  if (choice === "cannot_judge") return null;
  if (choice === 0) return { word: "Tie", short: "tie", chosen: false };
  if (choice < 0 !== (index === 0)) return null;
  const word = assignment.protocol.strength ? (SIZES[Math.abs(choice)] ?? "") : "Better";
  return { word, short: word.toLowerCase(), chosen: true };
}

function inOrder(assignment: Assignment, draft: Draft, index: number): Outcome | null {
  if (draft.verdict === "both_bad") return { word: "Bad", short: "bad", chosen: false };
  if (draft.verdict === "both_good") return { word: "Good", short: "good", chosen: true };
  const keys = keysOf(assignment);
  const key = keys[index] ?? "";
  const place = draft.places[key];
  if (place === undefined) return null;
  const tied = keys.filter((other) => draft.places[other] === place).length > 1;
  const best = tiersOf(draft, keys)[0]?.place === place && keys.every((other) => draft.places[other] !== undefined);
  return { word: `Place ${place}${tied ? ", tied" : ""}`, short: `${tied ? "=" : ""}${place}`, chosen: best };
}
