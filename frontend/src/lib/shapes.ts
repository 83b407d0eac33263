/** Narrowing for values the schema leaves free: specs, results and summaries are JSON. */

import type { IntervalLike } from "./format";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export interface Sampled extends IntervalLike {
  method: string;
}

/** An interval of nothing (n = 0) has no value: it is not shown as one. */
export function sampled(value: unknown): Sampled | null {
  if (!isRecord(value)) return null;
  const [middle, low, high, n] = [number(value.value), number(value.low), number(value.high), number(value.n)];
  if (middle === null || low === null || high === null || n === null) return null;
  return { value: middle, low, high, n, method: text(value.method) ?? "" };
}

export interface ChatMessage {
  role: string;
  content: string;
}

/** Message lists as they come in dataset rows; anything else becomes one plain message. */
export function messages(value: unknown): ChatMessage[] {
  if (typeof value === "string") return [{ role: "assistant", content: value }];
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((message) => ({
    role: text(message.role) ?? "assistant",
    content: typeof message.content === "string" ? message.content : JSON.stringify(message.content ?? ""),
  }));
}
