import { ApiError } from "@/api/client";
import type { Assignment } from "@/api/types";
import { isRecord } from "@/lib/shapes";

/** Sends one draft: the answer has its new revision. */
export type SaveDraft = (id: string, revision: number, body: unknown, leaving: boolean) => Promise<{ revision: number }>;

interface Options {
  save: SaveDraft;
  /** The server has the draft at this revision now. */
  onSaved: (id: string, revision: number) => void;
  /** Another window saved one since; what is said here is not sent until somebody goes on here. */
  onConflict: (id: string, body: unknown) => void;
  waitMs?: number;
  retryMs?: number;
}

interface Pending {
  id: string;
  body: unknown;
  attempt: number;
}

/** Keeps the server's copies of drafts up to date: the last word of each task, one request at a time. */
export class DraftSync {
  readonly #options: Options;
  readonly #revisions = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** What the server handed out last. */
  know({ id, draft }: Assignment): void {
    this.#revisions.set(id, Math.max(draft.revision, this.#revisions.get(id) ?? 0));
  }

  revisionOf(id: string): number {
    return this.#revisions.get(id) ?? 0;
  }

  save(id: string, body: unknown): void {
    this.#pending.set(id, { id, body, attempt: 0 });
    this.#later(this.#options.waitMs ?? 700);
  }

  /** It has become a judgment, or was given back. */
  drop(id: string): void {
    this.#pending.delete(id);
  }

  /** Send what waits now; the page may be going away. */
  async flush(leaving = false): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#busy && !leaving) return;
    this.#busy = true;
    try {
      for (const pending of [...this.#pending.values()]) await this.#send(pending, leaving);
    } finally {
      this.#busy = false;
    }
    if (this.#pending.size > 0) this.#later(this.#options.retryMs ?? 5_000);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  async #send(pending: Pending, leaving: boolean): Promise<void> {
    const { id, body } = pending;
    try {
      const { revision } = await this.#options.save(id, this.revisionOf(id), body, leaving);
      this.#revisions.set(id, revision);
      this.#settle(pending);
      this.#options.onSaved(id, revision);
    } catch (error) {
      if (!(error instanceof ApiError) || error.unreachable || error.status >= 500 || error.status === 429) return;
      this.#settle(pending);
      const stored = error.code === "draft_conflict" ? error.fields.stored : null;
      if (!isRecord(stored) || typeof stored.revision !== "number") return;
      this.#revisions.set(id, stored.revision);
      if (stored.body !== null) this.#options.onConflict(id, stored.body);
    }
  }

  /** Unless something newer was said meanwhile. */
  #settle(pending: Pending): void {
    if (this.#pending.get(pending.id) === pending) this.#pending.delete(pending.id);
  }
}
