import type { Assignment, Span } from "@/api/types";
import { toCodePoints, toUnits, type Mark } from "@/components/prose/passages";

import type { Draft } from "./judgment";

/** A passage that is selected and not yet marked, in UTF-16 units of one message. */
export interface Picked {
  response: string;
  message: number;
  start: number;
  end: number;
  quote: string;
}

export const marks = (assignment: Assignment): boolean => assignment.kind !== "demonstrate" && assignment.protocol.spans.length > 0;

export function textOf(assignment: Assignment, response: string, message: number): string {
  return assignment.responses.find(({ key }) => key === response)?.messages[message]?.content ?? "";
}

export function mark(draft: Draft, assignment: Assignment, picked: Picked, label: string): Draft {
  const text = textOf(assignment, picked.response, picked.message);
  const span: Span = {
    response: picked.response,
    message: picked.message,
    start: toCodePoints(text, picked.start),
    end: toCodePoints(text, picked.end),
    label,
    note: "",
  };
  const same = (other: Span) => samePlace(other, span) && other.label === label;
  return draft.spans.some(same) ? draft : { ...draft, spans: [...draft.spans, span] };
}

const samePlace = (a: Span, b: Span): boolean =>
  a.response === b.response && (a.message ?? 0) === (b.message ?? 0) && a.start === b.start && a.end === b.end;

export const unmark = (draft: Draft, span: Span): Draft => ({ ...draft, spans: draft.spans.filter((other) => other !== span) });

export const noted = (draft: Draft, span: Span, note: string): Draft => ({
  ...draft,
  spans: draft.spans.map((other) => (other === span ? { ...span, note } : other)),
});

export function quoteOf(assignment: Assignment, span: Span): string {
  const text = textOf(assignment, span.response, span.message ?? 0);
  return text.slice(toUnits(text, span.start), toUnits(text, span.end));
}

export const labelOf = (assignment: Assignment, span: Span): string =>
  assignment.protocol.spans.find(({ key }) => key === span.label)?.label ?? span.label;

/** How the marks of one message are shown. */
export function marksOf(assignment: Assignment, draft: Draft, response: string, message: number): Mark[] {
  const text = textOf(assignment, response, message);
  return draft.spans
    .filter((span) => span.response === response && (span.message ?? 0) === message)
    .map((span) => ({
      start: toUnits(text, span.start),
      end: toUnits(text, span.end),
      label: assignment.protocol.spans.findIndex(({ key }) => key === span.label),
      title: labelOf(assignment, span),
    }));
}
