import { t } from "@lingui/core/macro";

import type { Assignment } from "@/api/types";

import { isPair, keysOf, tiersOf, type Draft } from "./judgment";

export interface Outcome {
  word: string;
  /** For a narrow tab. */
  short: string;
  /** Preferred over the others, so far. */
  chosen: boolean;
}

/** What a strength is called: on a card, and in a narrow tab. */
const sizes = (): [word: string, short: string][] => [
  ["", ""],
  [t`Slightly better`, t`slightly better`],
  [t`Better`, t`better`],
  [t`Much better`, t`much better`],
];

/** What the draft says of one response, for its card and tab. */
export function outcomeOf(assignment: Assignment, draft: Draft, index: number): Outcome | null {
  return isPair(assignment) ? inPair(assignment, draft, index) : inOrder(assignment, draft, index);
}

function inPair(assignment: Assignment, { choice }: Draft, index: number): Outcome | null {
  if (choice === null) return null;
  if (choice === "both_bad") return { word: t`Bad`, short: t`bad`, chosen: false };
  if (choice === "both_good") return { word: t`Good`, short: t`good`, chosen: true };
  if (choice === "cannot_judge") return null;
  if (choice === 0) return { word: t`Tie`, short: t`tie`, chosen: false };
  if (choice < 0 !== (index === 0)) return null;
  const [word, short] = sizes()[assignment.protocol.strength ? Math.abs(choice) : 2] ?? ["", ""];
  return { word, short, chosen: true };
}

function inOrder(assignment: Assignment, draft: Draft, index: number): Outcome | null {
  if (draft.verdict === "both_bad") return { word: t`Bad`, short: t`bad`, chosen: false };
  if (draft.verdict === "both_good") return { word: t`Good`, short: t`good`, chosen: true };
  const keys = keysOf(assignment);
  const key = keys[index] ?? "";
  const place = draft.places[key];
  if (place === undefined) return null;
  const tied = keys.filter((other) => draft.places[other] === place).length > 1;
  const best = tiersOf(draft, keys)[0]?.place === place && keys.every((other) => draft.places[other] !== undefined);
  return { word: tied ? t`Place ${place}, tied` : t`Place ${place}`, short: `${tied ? "=" : ""}${place}`, chosen: best };
}
