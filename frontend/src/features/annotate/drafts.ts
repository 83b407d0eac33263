import type { Assignment } from "@/api/types";
import { isRecord } from "@/lib/shapes";

import { EMPTY_DRAFT, keysOf, openingDraft, type Draft } from "./judgment";

const PREFIX = "plumbline.draft.";
const MAX_AGE_MS = 3 * 24 * 3600 * 1000;

interface Kept {
  draft: Draft;
  /** Of the server's copy that this one goes on from. */
  revision: number;
  at: number;
}

function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** What a task opens with: what was typed here, unless another browser saved something since. */
export function firstDraft(assignment: Assignment): Draft {
  const kept = loadKept(assignment.id);
  if (kept && kept.revision >= assignment.draft.revision) return kept.draft;
  return draftIn(assignment.draft.body, assignment) ?? openingDraft(assignment);
}

/** A draft as it lies on the server. The keys of responses are renamed there with a new lease. */
export const toStored = (draft: Draft): { draft: Draft } => ({ draft });

/** Null where it is none of ours, or is about other responses. */
export function draftIn(body: unknown, assignment: Assignment): Draft | null {
  if (!isRecord(body) || !isRecord(body.draft)) return null;
  const draft = { ...EMPTY_DRAFT, ...(body.draft as Partial<Draft>) };
  const keys = keysOf(assignment);
  const known = [...Object.keys(draft.places), ...Object.keys(draft.scores), ...draft.spans.map((span) => span.response)];
  return known.every((key) => keys.includes(key)) ? draft : null;
}

function loadKept(assignmentId: string): Kept | null {
  try {
    const stored = browserStorage()?.getItem(PREFIX + assignmentId);
    if (!stored) return null;
    const kept = JSON.parse(stored) as Kept;
    return { ...kept, draft: { ...EMPTY_DRAFT, ...kept.draft } };
  } catch {
    return null;
  }
}

/** A half-made judgment survives a reload: the lease brings the same assignment back. */
export function keepDraft(assignmentId: string, draft: Draft, revision: number): void {
  try {
    const kept: Kept = { draft, revision, at: Date.now() };
    browserStorage()?.setItem(PREFIX + assignmentId, JSON.stringify(kept));
  } catch {
    // The server's copy is then the only one.
  }
}

/** The server has this one too. */
export function markSaved(assignmentId: string, revision: number): void {
  const kept = loadKept(assignmentId);
  if (kept) keepDraft(assignmentId, kept.draft, revision);
}

export function dropDraft(assignmentId: string): void {
  try {
    browserStorage()?.removeItem(PREFIX + assignmentId);
  } catch {
    // Nothing to drop.
  }
}

/** Drafts of assignments that never came back. */
export function sweepDrafts(now: number): void {
  const storage = browserStorage();
  if (!storage) return;
  for (const key of Object.keys(storage)) {
    if (!key.startsWith(PREFIX)) continue;
    const { at } = loadKept(key.slice(PREFIX.length)) ?? { at: 0 };
    if (now - at > MAX_AGE_MS) storage.removeItem(key);
  }
}
