import { clip } from "@/lib/words";
import { isRecord } from "@/lib/shapes";

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

/** "overlap: 3, num_tasks: 60" */
export function detailsOf(data: unknown): string {
  if (!isRecord(data)) return "";
  return Object.entries(data)
    .map(([name, value]) => `${name}: ${clip(typeof value === "string" ? value : JSON.stringify(value), 90)}`)
    .join(", ");
}

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
