import { plural, t } from "@lingui/core/macro";

import type { Assignment, JudgmentCreate, JudgmentSaid, Span, Verdict } from "@/api/types";
import { isRecord } from "@/lib/shapes";

export type Strength = 1 | 2 | 3;

/** A pair on its scale: negative prefers A, positive prefers B, 0 is a tie. */
export type Preference = -3 | -2 | -1 | 0 | 1 | 2 | 3;
export type PairVerdict = "both_good" | "both_bad" | "cannot_judge";
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
  /** Keys of the protocol's reasons. */
  reasons: readonly string[];
  /** By response key and criterion. */
  scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The winner as it should have been; it counts while `key` has the first place. */
  edit: { key: string; text: string } | null;
  /** A response of one's own, where the task asks for one. */
  written: string;
  /** Marked passages, in code points. */
  spans: readonly Span[];
}

export interface Said {
  tiers: string[][];
  verdict: Verdict;
  strengths: number[];
}

export const DEFAULT_STRENGTH: Strength = 2;

export const EMPTY_DRAFT: Draft = {
  choice: null,
  places: {},
  strengths: {},
  verdict: "none",
  comment: "",
  reasons: [],
  scores: {},
  edit: null,
  written: "",
  spans: [],
};

export const keysOf = (assignment: Assignment): string[] => assignment.responses.map((response) => response.key);
export const isPair = (assignment: Assignment): boolean => assignment.responses.length === 2;
/** The task asks for a response of one's own. */
export const isWriting = (assignment: Assignment): boolean => assignment.kind === "demonstrate";
export const letter = (index: number): string => String.fromCharCode(65 + index);

/** The ranking a draft stands for, or null while something is missing. */
export function toSaid(draft: Draft, assignment: Assignment): Said | null {
  if (isWriting(assignment)) return writtenSaid(draft, assignment);
  return isPair(assignment) ? pairSaid(draft, assignment) : orderSaid(draft, assignment);
}

const UNRANKED: Said = { tiers: [], verdict: "none", strengths: [] };

function writtenSaid(draft: Draft, assignment: Assignment): Said | null {
  if (draft.verdict === "cannot_judge") return { ...UNRANKED, verdict: draft.verdict };
  return draft.written.trim().length < assignment.protocol.demonstrations.min_length ? null : UNRANKED;
}

function pairSaid(draft: Draft, assignment: Assignment): Said | null {
  const [a, b] = keysOf(assignment);
  const choice = draft.choice;
  if (choice === null || a === undefined || b === undefined) return null;
  if (choice === "cannot_judge") return { ...UNRANKED, verdict: choice };
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
  if (draft.verdict === "cannot_judge") return { ...UNRANKED, verdict: draft.verdict };
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

/** All that is sent: the ranking, and what the protocol asks beside it. */
export function toBody(draft: Draft, assignment: Assignment): Omit<JudgmentCreate, "lease_token" | "client_key"> | null {
  const said = toSaid(draft, assignment);
  if (!said) return null;
  const { protocol } = assignment;
  const comment = protocol.comment.ask === "off" ? "" : draft.comment.trim();
  const body = { ...said, ...(comment ? { comment } : {}) };
  const judged = said.verdict !== "cannot_judge";
  if (isWriting(assignment)) return { ...body, ...(judged ? { demonstration: { text: draft.written.trim() } } : {}) };
  const reasons = protocol.reasons.choices.map(({ key }) => key).filter((key) => draft.reasons.includes(key));
  const criteria = protocol.criteria.length ? draft.scores : {};
  const edit = judged ? editOf(draft, said, assignment) : null;
  return {
    ...body,
    ...(reasons.length ? { reasons } : {}),
    ...(Object.keys(criteria).length ? { criteria } : {}),
    ...(draft.spans.length && protocol.spans.length ? { spans: [...draft.spans] } : {}),
    ...(edit ? { edit: { text: edit.text, response: edit.key } } : {}),
  };
}

/** The last message of a response: the one that is edited. */
export function lastWords(assignment: Assignment, key: string): string {
  return assignment.responses.find((response) => response.key === key)?.messages.at(-1)?.content ?? "";
}

/** The response an edit is of: the winner, or the chosen one of several. */
export function editable(draft: Draft, assignment: Assignment, focus: number): string | null {
  const first = toSaid(draft, assignment)?.tiers[0] ?? [];
  const focused = keysOf(assignment)[focus];
  if (draft.edit && first.includes(draft.edit.key)) return draft.edit.key;
  return focused !== undefined && first.includes(focused) ? focused : (first[0] ?? null);
}

/** The edit that counts: of a winner, and changed. */
function editOf(draft: Draft, said: Said, assignment: Assignment): Draft["edit"] {
  const { edit } = draft;
  if (!edit || assignment.protocol.edit === "off" || !said.tiers[0]?.includes(edit.key)) return null;
  return edit.text.trim() === "" || edit.text === lastWords(assignment, edit.key) ? null : edit;
}

/** Where something still owed is given. */
export type Owed = { where: "ranking" | "scores" | "edit" | "reasons"; what: string };

/** The first thing the protocol still asks for, as the server would; null when all is said. */
export function owed(draft: Draft, assignment: Assignment): Owed | null {
  const said = toSaid(draft, assignment);
  const { protocol } = assignment;
  if (!said) return { where: "ranking", what: isWriting(assignment) ? stillToWrite(draft, assignment) : "" };
  const judged = said.verdict !== "cannot_judge";
  if (!isWriting(assignment)) {
    const score = judged ? missingScore(draft, assignment) : null;
    if (score) return { where: "scores", what: score };
    const edit = judged && protocol.edit === "required" && !editOf(draft, said, assignment);
    if (edit) return { where: "edit", what: t`Still to do: edit the winner` };
    const { min, max, required } = protocol.reasons;
    const given = draft.reasons.length;
    const least = Math.max(min, 1);
    if ((given > 0 || (judged && required)) && given < least) {
      return { where: "reasons", what: least === 1 ? t`Still to give: a reason` : plural(least - given, { one: "Still to give: # more reason", other: "Still to give: # more reasons" }) };
    }
    if (given > max) return { where: "reasons", what: t`At most ${max} reasons: take ${given - max} back` };
  }
  const words = draft.comment.trim().length;
  const least = Math.max(protocol.comment.min_length, 1);
  const asked = protocol.comment.ask !== "off" && (words > 0 || (judged && protocol.comment.ask === "required"));
  if (asked && words < least) {
    return { where: "reasons", what: least === 1 ? t`Still to write: a comment` : plural(least - words, { one: "The comment needs # more character", other: "The comment needs # more characters" }) };
  }
  return null;
}

function stillToWrite(draft: Draft, assignment: Assignment): string {
  const left = assignment.protocol.demonstrations.min_length - draft.written.trim().length;
  return draft.written === "" || left <= 0 ? "" : plural(left, { one: "# more character, please", other: "# more characters, please" });
}

function missingScore(draft: Draft, assignment: Assignment): string | null {
  for (const [index, key] of keysOf(assignment).entries()) {
    for (const criterion of assignment.protocol.criteria) {
      if (criterion.required && draft.scores[key]?.[criterion.key] === undefined) {
        return t`Still to score: ${criterion.label} of ${letter(index)}`;
      }
    }
  }
  return null;
}

export function score(draft: Draft, key: string, criterion: string, value: number | null): Draft {
  const others = Object.fromEntries(Object.entries(draft.scores[key] ?? {}).filter(([name]) => name !== criterion));
  return { ...draft, scores: { ...draft.scores, [key]: value === null ? others : { ...others, [criterion]: value } } };
}

export function toggleReason(draft: Draft, key: string): Draft {
  const reasons = draft.reasons.includes(key) ? draft.reasons.filter((one) => one !== key) : [...draft.reasons, key];
  return { ...draft, reasons };
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

type Stored = Partial<Omit<JudgmentSaid, "id" | "active_seconds">> & Pick<JudgmentSaid, "tiers" | "verdict" | "strengths">;

/** The draft that a stored judgment came from, to open it again. */
export function fromSaid(said: Stored, assignment: Assignment): Draft {
  const keys = keysOf(assignment);
  const verdict = said.verdict;
  const beside = {
    ...EMPTY_DRAFT,
    comment: said.comment ?? "",
    reasons: said.reasons ?? [],
    scores: said.criteria ?? {},
    spans: said.spans ?? [],
    written: textOf(said.demonstration),
    edit: editFrom(said),
  };
  if (isWriting(assignment)) return { ...beside, verdict };
  if (!isPair(assignment)) {
    const places: Record<string, number> = {};
    if (verdict === "none") said.tiers.forEach((tier, index) => tier.forEach((key) => (places[key] = index + 1)));
    const strengths: Record<number, Strength> = {};
    said.strengths.forEach((value, index) => (strengths[index + 1] = value as Strength));
    return { ...beside, places, strengths, verdict };
  }
  let choice: PairChoice | null = verdict === "none" ? null : verdict;
  if (choice === null && said.tiers.length === 1) choice = 0;
  if (choice === null && said.tiers.length === 2) {
    const size = said.strengths[0] ?? 1;
    choice = (said.tiers[0]?.[0] === keys[0] ? -size : size) as Preference;
  }
  return { ...beside, choice };
}

/** Text, or the last of several messages. */
function textOf(words: Stored["demonstration"] | Stored["edit"]): string {
  return words?.text ?? words?.messages?.at(-1)?.content ?? "";
}

function editFrom(said: Stored): Draft["edit"] {
  const key = said.edit?.response ?? said.tiers[0]?.[0];
  return said.edit && key !== undefined ? { key, text: textOf(said.edit) } : null;
}

/** What a task opens with: a judgment that was taken back or returned, else nothing. */
export function openingDraft(assignment: Assignment): Draft {
  const { body } = assignment.draft;
  if (isSaid(body, assignment)) return fromSaid(body, assignment);
  return assignment.returned ? fromSaid(assignment.returned.judgment, assignment) : EMPTY_DRAFT;
}

/** Drafts on the server are free in form; those of an undo have the form of a judgment. */
function isSaid(body: unknown, assignment: Assignment): body is Stored {
  if (!isRecord(body) || !Array.isArray(body.tiers) || !Array.isArray(body.strengths)) return false;
  const keys: unknown[] = keysOf(assignment);
  return (
    typeof body.verdict === "string" &&
    body.tiers.every((tier: unknown) => Array.isArray(tier) && tier.every((key) => keys.includes(key)))
  );
}

/** A choice in words, for buttons and for those who listen. */
export function inWords(choice: PairChoice, withStrength: boolean): string {
  if (choice === "both_bad") return t`Both are bad`;
  if (choice === "both_good") return t`Both are good`;
  if (choice === "cannot_judge") return t`I cannot judge this`;
  if (choice === 0) return t`Tie`;
  const name = choice < 0 ? "A" : "B";
  const size = withStrength ? Math.abs(choice) : 2;
  if (size === 1) return t`${name} is slightly better`;
  return size === 2 ? t`${name} is better` : t`${name} is much better`;
}
