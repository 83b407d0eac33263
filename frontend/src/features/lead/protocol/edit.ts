import { t } from "@lingui/core/macro";

import type { Choice, Criterion, Protocol } from "@/api/types";

const MAX_KEY = 40;

/** What is stored for a label: "Too long!" → "too-long", made different from those taken. */
export function keyFor(label: string, taken: readonly string[]): string {
  const plain = label
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, MAX_KEY);
  const base = plain || "choice";
  if (!taken.includes(base)) return base;
  for (let number = 2; ; number += 1) {
    const key = `${base.slice(0, MAX_KEY - 1 - String(number).length)}-${number}`;
    if (!taken.includes(key)) return key;
  }
}

export function moved<T>(list: readonly T[], from: number, by: -1 | 1): T[] {
  const next = [...list];
  const to = from + by;
  const [one, other] = [next[from], next[to]];
  if (one === undefined || other === undefined) return next;
  next[from] = other;
  next[to] = one;
  return next;
}

/** What still stops the protocol from being saved, in words. */
export function problems(protocol: Protocol): string[] {
  const found: string[] = [];
  for (const [name, list] of lists(protocol)) {
    if (list.some((choice) => !choice.label.trim())) found.push(t`${name}: one has no label.`);
  }
  for (const { label, low, high } of protocol.criteria) {
    if (low >= high) found.push(t`Criterion “${label}”: the lowest score must be below the highest.`);
  }
  const { choices, min, max } = protocol.reasons;
  if (choices.length && min > Math.min(max, choices.length)) found.push(t`Reasons: more are asked for than may be given.`);
  return found;
}

function lists(protocol: Protocol): [string, readonly Choice[]][] {
  return [
    [t`Criteria`, protocol.criteria],
    [t`Reasons`, protocol.reasons.choices],
    [t`Passages`, protocol.spans],
    [t`Reasons to skip`, protocol.skip_reasons],
  ];
}

const FLAGS = {
  get ties() { return t`ties`; },
  get strength() { return t`strength`; },
  get both_good() { return t`both good`; },
  get both_bad() { return t`both bad`; },
  get cannot_judge() { return t`cannot judge`; },
  get skip() { return t`skipping`; },
} as const;

const ASKS: Record<Protocol["edit"], string> = {
  get off() { return t`off`; },
  get optional() { return t`optional`; },
  get required() { return t`required`; },
};

const switched = (what: string, on: boolean): string => (on ? t`${what} on` : t`${what} off`);

/** What one version changed from the one before, in words. */
export function changes(before: Protocol, after: Protocol): string[] {
  const said: string[] = [];
  for (const name of Object.keys(FLAGS) as (keyof typeof FLAGS)[]) {
    if (before[name] !== after[name]) said.push(switched(FLAGS[name], after[name]));
  }
  if (before.system_prompt !== after.system_prompt) {
    said.push(after.system_prompt === "shown" ? t`system prompt shown` : t`system prompt folded`);
  }
  const old = new Map(lists(before));
  for (const [name, list] of lists(after)) said.push(...changesOf(name, old.get(name) ?? [], list));
  if (before.reasons.required !== after.reasons.required || before.reasons.min !== after.reasons.min || before.reasons.max !== after.reasons.max) {
    said.push(t`how many reasons`);
  }
  if (before.comment.ask !== after.comment.ask || before.comment.min_length !== after.comment.min_length) {
    said.push(t`comment ${ASKS[after.comment.ask]}`);
  }
  if (before.edit !== after.edit) said.push(t`editing ${ASKS[after.edit]}`);
  if (before.skip_reason !== after.skip_reason) said.push(t`reason to skip ${ASKS[after.skip_reason]}`);
  const [was, is] = [before.demonstrations, after.demonstrations];
  if (was.on !== is.on || was.min_length !== is.min_length) said.push(switched(t`writing responses`, is.on));
  if (before.undo_seconds !== after.undo_seconds) said.push(t`undo for ${after.undo_seconds} s`);
  return said;
}

function changesOf(name: string, before: readonly Choice[], after: readonly Choice[]): string[] {
  const labels = (list: readonly Choice[], than: readonly Choice[]) =>
    list
      .filter(({ key }) => !than.some((other) => other.key === key))
      .map(({ label }) => label)
      .join(", ");
  const added = labels(after, before);
  const gone = labels(before, after);
  const said = [...(added ? [t`${name}: ${added} added`] : []), ...(gone ? [t`${name}: ${gone} removed`] : [])];
  if (said.length === 0 && JSON.stringify(before) !== JSON.stringify(after)) said.push(t`${name}: changed`);
  return said;
}

export function newCriterion(taken: readonly string[]): Criterion {
  return { key: keyFor("criterion", taken), label: "", description: "", low: 1, high: 5, labels: {}, required: true };
}
