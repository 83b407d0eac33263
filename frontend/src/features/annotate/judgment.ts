import type { Assignment, JudgmentSaid, Verdict } from "@/api/types";

export type Strength = 1 | 2 | 3;

/** A pair on its scale: negative prefers A, positive prefers B, 0 is a tie. */
export type Preference = -3 | -2 | -1 | 0 | 1 | 2 | 3;
export type PairVerdict = "both_good" | "both_bad";
export type PairChoice = Preference | PairVerdict;

/** What somebody has said so far about one assignment. */
export interface Draft {
  /** Of a pair. */
  choice: PairChoice | null;
  /** Of three and more: response key → place, 1 is best; equal places are a tie. */
  places: Readonly<Record<string, number>>;
  /** Strength of the boundary under a place; DEFAULT_STRENGTH where nothing was chosen. */
  strengths: Readonly<Record<number, Strength>>;
  verdict: PairVerdict | "none";
  comment: string;
}

export interface Said {
  tiers: string[][];
  verdict: Verdict;
  strengths: number[];
}

export const DEFAULT_STRENGTH: Strength = 2;

export const EMPTY_DRAFT: Draft = { choice: null, places: {}, strengths: {}, verdict: "none", comment: "" };

export const keysOf = (assignment: Assignment): string[] => assignment.responses.map((response) => response.key);
export const isPair = (assignment: Assignment): boolean => assignment.responses.length === 2;
export const letter = (index: number): string => String.fromCharCode(65 + index);

export function isEmpty(draft: Draft): boolean {
  return draft.choice === null && draft.verdict === "none" && Object.keys(draft.places).length === 0;
}

/** The judgment a draft stands for, or null while something is missing. */
export function toSaid(draft: Draft, assignment: Assignment): Said | null {
  return isPair(assignment) ? pairSaid(draft, assignment) : orderSaid(draft, assignment);
}

function pairSaid(draft: Draft, assignment: Assignment): Said | null {
  const [a, b] = keysOf(assignment);
  const choice = draft.choice;
  if (choice === null || a === undefined || b === undefined) return null;
  if (typeof choice === "string") return { tiers: [[a, b]], verdict: choice, strengths: [] };
  if (choice === 0) return { tiers: [[a, b]], verdict: "none", strengths: [] };
  return {
    tiers: choice < 0 ? [[a], [b]] : [[b], [a]],
    verdict: "none",
    strengths: assignment.protocol.strength ? [Math.abs(choice)] : [],
  };
}

function orderSaid(draft: Draft, assignment: Assignment): Said | null {
  const keys = keysOf(assignment);
  if (draft.verdict !== "none") return { tiers: [keys], verdict: draft.verdict, strengths: [] };
  if (keys.some((key) => draft.places[key] === undefined)) return null;
  const ranked = tiersOf(draft, keys);
  if (!assignment.protocol.ties && ranked.some((tier) => tier.keys.length > 1)) return null;
  return {
    tiers: ranked.map((tier) => tier.keys),
    verdict: "none",
    strengths: assignment.protocol.strength
      ? ranked.slice(0, -1).map((tier) => draft.strengths[tier.place] ?? DEFAULT_STRENGTH)
      : [],
  };
}

export interface Tier {
  place: number;
  keys: string[];
}

/** The occupied places, best first. Gaps between places mean nothing. */
export function tiersOf(draft: Draft, keys: readonly string[]): Tier[] {
  const places = new Map<number, string[]>();
  for (const key of keys) {
    const place = draft.places[key];
    if (place === undefined) continue;
    places.set(place, [...(places.get(place) ?? []), key]);
  }
  return [...places.entries()].sort(([a], [b]) => a - b).map(([place, members]) => ({ place, keys: members }));
}

export function place(draft: Draft, key: string, at: number | null): Draft {
  const places = Object.fromEntries(Object.entries(draft.places).filter(([other]) => other !== key));
  if (at !== null) places[key] = at;
  return { ...draft, places, verdict: "none" };
}

/** Where the focus goes after placing: the next response without a place, else it stays. */
export function nextUnplaced(draft: Draft, keys: readonly string[], from: number): number {
  for (let step = 1; step <= keys.length; step += 1) {
    const index = (from + step) % keys.length;
    const key = keys[index];
    if (key !== undefined && draft.places[key] === undefined) return index;
  }
  return from;
}

/** The ranking repeats the order on the page, which may be haste: it is asked for once more. */
export function repeatsShownOrder(said: Said, assignment: Assignment): boolean {
  const keys = keysOf(assignment);
  return keys.length > 2 && said.tiers.length === keys.length && said.tiers.every((tier, i) => tier[0] === keys[i]);
}

/** The choices a pair's scale offers under this protocol, left to right, with their digits. */
export function scaleOf(protocol: Assignment["protocol"]): { value: Preference; digit: string }[] {
  const values: Preference[] = protocol.strength ? [-3, -2, -1, 0, 1, 2, 3] : [-1, 0, 1];
  return values
    .map((value, index) => ({ value, digit: String(index + 1) }))
    .filter(({ value }) => value !== 0 || protocol.ties);
}

/** One step along the scale; from nowhere, to the mildest preference on that side. */
export function step(choice: PairChoice | null, towards: -1 | 1, protocol: Assignment["protocol"]): Preference {
  const values = scaleOf(protocol).map(({ value }) => value);
  if (choice === null || typeof choice === "string") return towards;
  const index = values.indexOf(choice) + towards;
  return values[Math.max(0, Math.min(values.length - 1, index))] ?? towards;
}

/** The draft that a stored judgment came from, to open it again. */
export function fromSaid(said: Pick<JudgmentSaid, "tiers" | "verdict" | "strengths"> & { comment?: string }, assignment: Assignment): Draft {
  const keys = keysOf(assignment);
  const comment = said.comment ?? "";
  const verdict = said.verdict === "both_good" || said.verdict === "both_bad" ? said.verdict : "none";
  const places: Record<string, number> = {};
  said.tiers.forEach((tier, index) => tier.forEach((key) => (places[key] = index + 1)));
  const strengths: Record<number, Strength> = {};
  said.strengths.forEach((value, index) => (strengths[index + 1] = value as Strength));
  if (!isPair(assignment)) {
    return { ...EMPTY_DRAFT, comment, places: verdict === "none" ? places : {}, strengths, verdict };
  }
  let choice: PairChoice | null = verdict === "none" ? null : verdict;
  if (choice === null && said.tiers.length === 1) choice = 0;
  if (choice === null && said.tiers.length === 2) {
    const size = said.strengths[0] ?? 1;
    choice = (said.tiers[0]?.[0] === keys[0] ? -size : size) as Preference;
  }
  return { ...EMPTY_DRAFT, comment, choice };
}

const SIZES = ["", "slightly better", "better", "much better"];

/** A choice in words, for buttons and for those who listen. */
export function inWords(choice: PairChoice, withStrength: boolean): string {
  if (choice === "both_bad") return "Both are bad";
  if (choice === "both_good") return "Both are good";
  if (choice === 0) return "Tie";
  const size = withStrength ? SIZES[Math.abs(choice)] : "better";
  return `${choice < 0 ? "A" : "B"} is ${size}`;
}
