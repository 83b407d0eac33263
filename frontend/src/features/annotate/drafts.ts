import { EMPTY_DRAFT, type Draft } from "./judgment";
import { browserStorage } from "./useOutbox";

const PREFIX = "plumbline.draft.";
const MAX_AGE_MS = 3 * 24 * 3600 * 1000;

/** A half-made judgment survives a reload: the lease brings the same assignment back. */
export function loadDraft(assignmentId: string): Draft | null {
  try {
    const stored = browserStorage()?.getItem(PREFIX + assignmentId);
    if (!stored) return null;
    return { ...EMPTY_DRAFT, ...(JSON.parse(stored) as { draft: Draft }).draft };
  } catch {
    return null;
  }
}

export function saveDraft(assignmentId: string, draft: Draft): void {
  try {
    browserStorage()?.setItem(PREFIX + assignmentId, JSON.stringify({ draft, at: Date.now() }));
  } catch {
    // It then lasts as long as the page.
  }
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
    try {
      const { at } = JSON.parse(storage.getItem(key) ?? "{}") as { at?: number };
      if (at === undefined || now - at > MAX_AGE_MS) storage.removeItem(key);
    } catch {
      storage.removeItem(key);
    }
  }
}
