import { t } from "@lingui/core/macro";

import type { AuditEvent } from "@/api/types";
import { metric } from "@/lib/format";
import { isRightToLeft } from "@/lib/language";
import { isRecord } from "@/lib/shapes";
import { clip } from "@/lib/words";

import { codeInWords, DETAIL_WORDS, OBJECT_WORDS } from "./auditNames";

/** Suggestions; any beginning of an action finds it. */
export const ACTIONS = [
  "project.",
  "member.",
  "invitation.",
  "team.",
  "protocol.",
  "guidelines.",
  "queue.",
  "tasks.",
  "lease.",
  "gold.",
  "task.",
  "rule.",
  "annotator.",
  "import.",
  "webhook.",
  "snapshot.",
  "run.",
  "round.",
  "model.",
  "token.",
] as const;

export const OBJECT_OPTIONS = Object.keys(OBJECT_WORDS).map((value) => ({ value, get label() { return OBJECT_WORDS[value] ?? value; } }));

const MOST = 120;

export interface Detail {
  name: string;
  value: string;
}

/** What it was done to, and its number where that tells one from another. */
export function objectOf({ object_type: type, object_id: id, data }: AuditEvent): Detail {
  const name = OBJECT_WORDS[type] ?? spaced(type);
  if (type === "project") return { name, value: "" };
  // People know these by their own number.
  if (type.endsWith("version") && isRecord(data) && typeof data.number === "number") return { name, value: String(data.number) };
  return { name, value: id };
}

/** The details of an event, one by one; `person` names who is only known by a number. */
export function detailsOf(event: AuditEvent, person: (id: number) => string | undefined): Detail[] {
  const { data } = event;
  if (!isRecord(data)) return [];
  if (event.action === "project.updated" || event.action === "queue.changed") return changesOf(data);
  const own = objectOf(event).value;
  const { counts, ...rest } = data;
  return Object.entries({ ...rest, ...(isRecord(counts) ? counts : {}) }).flatMap(([name, value]): Detail[] => {
    if (name === "changed" && isRecord(value)) return changesOf(value);
    if ((name === "number" || name === "import") && String(value) === own) return [];
    if (name === "user" && typeof value === "number") return [{ name: wordOf(name), value: person(value) ?? String(value) }];
    if (value === null || value === "" || (name === "verdict" && value === "none") || (Array.isArray(value) && value.length === 0)) return [];
    return [{ name: wordOf(name), value: clip(inWords(name, value), MOST) }];
  });
}

/** Each value before and after; of what has parts, the parts that differ. */
function changesOf(changed: Record<string, unknown>): Detail[] {
  return Object.entries(changed).flatMap(([name, pair]) => {
    const [before, after] = Array.isArray(pair) ? (pair as unknown[]) : [undefined, pair];
    return differences([name], before, after);
  });
}

function differences(path: readonly string[], before: unknown, after: unknown): Detail[] {
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .flatMap((name) => differences([...path, name], before[name], after[name]));
  }
  const name = path.at(-1) ?? "";
  const arrow = isRightToLeft() ? "←" : "→";
  return [{
    name: path.map(wordOf).join(", "),
    value: `${clip(inWords(name, before), MOST)} ${arrow} ${clip(inWords(name, after), MOST)}`,
  }];
}

const spaced = (code: string): string => code.replaceAll("_", " ");

const wordOf = (name: string): string => DETAIL_WORDS[name] ?? spaced(name);

function inWords(name: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return t`none`;
  if (typeof value === "boolean") return value ? t`yes` : t`no`;
  if (typeof value === "number") return metric(value);
  if (typeof value === "string") return codeInWords(name, value);
  if (Array.isArray(value)) return listed(name, value);
  if (!isRecord(value)) return "";
  return Object.entries(value).map(([part, of]) => `${wordOf(part)}: ${inWords(part, of)}`).join(", ") || t`none`;
}

/** "A = B, C": places of a ranking; anything else one after the other. */
function listed(name: string, values: readonly unknown[]): string {
  if (values.length === 0) return t`none`;
  return values.map((one) => (name === "tiers" && Array.isArray(one) ? one.join(" = ") : partOf(name, one))).join(", ");
}

/** Of what is chosen among many, its label says enough. */
const partOf = (name: string, value: unknown): string =>
  isRecord(value) && typeof value.label === "string" ? value.label : inWords(name, value);

/** The day begins and ends where its reader is. */
export function startOfDay(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

/** The first moment that no longer belongs to the day. */
export function endOfDay(day: string): string {
  const next = new Date(`${day}T00:00:00`);
  next.setDate(next.getDate() + 1);
  return next.toISOString();
}
