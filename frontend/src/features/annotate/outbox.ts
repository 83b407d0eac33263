import { ApiError } from "@/api/client";
import type { SkipBody } from "@/api/queue";
import type { JudgmentCreate, JudgmentReceipt } from "@/api/types";
import { uuid } from "@/lib/uuid";

interface Sealed {
  /** Made once; every attempt carries it, so that the server stores one judgment. */
  clientKey: string;
  slug: string;
  assignmentId: string;
  madeAt: number;
  /** Why the server will not have it. It stays until the person has seen that. */
  refused?: string;
}

export type Entry = Sealed &
  ({ kind: "judgment"; body: JudgmentCreate } | { kind: "skip"; body: SkipBody });

/** What every entry begins with. */
export function seal(slug: string, assignmentId: string): Sealed {
  return { clientKey: uuid(), slug, assignmentId, madeAt: Date.now() };
}

export type OnReceipt = (entry: Entry, receipt: JudgmentReceipt | null) => void;
export type Send = (entry: Entry) => Promise<JudgmentReceipt | null>;

export interface OutboxState {
  waiting: readonly Entry[];
  refused: readonly Entry[];
  /** What keeps the waiting ones here; null while they are on their way. */
  held: "offline" | "signed_out" | null;
}

interface Options {
  storage: Storage | null;
  owner: number;
  send: Send;
  retryMs?: number;
  maxRetryMs?: number;
}

const IDLE: OutboxState = { waiting: [], refused: [], held: null };

/** Keeps what was said until the server has acknowledged it: across failures, reloads and tabs.
 *
 * Each entry has its own storage key, so that two tabs never overwrite each other; both may send
 * the same entry, which its client key makes harmless. Entries of one assignment leave in the
 * order they were made, since a correction must follow what it corrects.
 */
export class Outbox {
  readonly #options: Options;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  readonly #receivers = new Set<OnReceipt>();
  #state: OutboxState = IDLE;
  #held: OutboxState["held"] = null;
  #pumping = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay: number;

  constructor(options: Options) {
    this.#options = options;
    this.#delay = options.retryMs ?? 1_000;
    for (const entry of this.#stored()) this.#entries.set(entry.clientKey, entry);
    this.#publish();
  }

  add(entry: Entry): void {
    this.#entries.set(entry.clientKey, entry);
    this.#store(entry);
    this.#publish();
    void this.flush();
  }

  /** Try now: at the start, when the network is back, after signing in again. */
  async flush(): Promise<void> {
    if (this.#pumping) return;
    clearTimeout(this.#timer);
    this.#pumping = true;
    try {
      while (await this.#pass());
    } finally {
      this.#pumping = false;
    }
    if (this.#state.waiting.length > 0) this.#later();
  }

  dismiss(clientKey: string): void {
    this.#forget(clientKey);
    this.#publish();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly onReceipt = (receiver: OnReceipt): (() => void) => {
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  };

  readonly state = (): OutboxState => this.#state;

  /** One attempt for each waiting entry; true when there is more to do at once. */
  async #pass(): Promise<boolean> {
    const stuck = new Set<string>();
    for (const entry of this.#state.waiting) {
      if (stuck.has(entry.assignmentId)) continue;
      try {
        const receipt = await this.#options.send(entry);
        this.#held = null;
        this.#delay = this.#options.retryMs ?? 1_000;
        this.#forget(entry.clientKey);
        for (const receiver of this.#receivers) receiver(entry, receipt);
      } catch (error) {
        const fate = fateOf(entry, error);
        if (fate === "drop") this.#forget(entry.clientKey);
        else if (fate === "refuse") this.#refuse(entry, error);
        else stuck.add(entry.assignmentId);
        if (fate === "signed_out" || fate === "offline") this.#held = fate;
        else if (fate === "retry") this.#held = "offline";
        if (fate === "signed_out" || fate === "offline") {
          this.#publish();
          return false;
        }
      }
      this.#publish();
    }
    return this.#state.waiting.some((entry) => !stuck.has(entry.assignmentId));
  }

  #later(): void {
    this.#timer = setTimeout(() => void this.flush(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, this.#options.maxRetryMs ?? 15_000);
  }

  #refuse(entry: Entry, error: unknown): void {
    const refused = { ...entry, refused: error instanceof Error ? error.message : "The server did not accept it." };
    this.#entries.set(entry.clientKey, refused);
    this.#store(refused);
  }

  #publish(): void {
    const all = [...this.#entries.values()].sort((a, b) => a.madeAt - b.madeAt);
    const waiting = all.filter((entry) => entry.refused === undefined);
    if (waiting.length === 0) this.#held = null;
    this.#state = { waiting, refused: all.filter((entry) => entry.refused !== undefined), held: this.#held };
    for (const listener of this.#listeners) listener();
  }

  get #prefix(): string {
    return `plumbline.outbox.${this.#options.owner}.`;
  }

  #store(entry: Entry): void {
    try {
      this.#options.storage?.setItem(this.#prefix + entry.clientKey, JSON.stringify(entry));
    } catch {
      // Full or closed: it stays in memory and is sent from there.
    }
  }

  #forget(clientKey: string): void {
    this.#entries.delete(clientKey);
    try {
      this.#options.storage?.removeItem(this.#prefix + clientKey);
    } catch {
      // Sent again at the next visit, where its key makes it a replay.
    }
  }

  #stored(): Entry[] {
    const storage = this.#options.storage;
    if (!storage) return [];
    const entries: Entry[] = [];
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (!key?.startsWith(this.#prefix)) continue;
      try {
        entries.push(JSON.parse(storage.getItem(key) ?? "") as Entry);
      } catch {
        // Not one of ours any more.
      }
    }
    return entries;
  }
}

type Fate = "offline" | "signed_out" | "retry" | "refuse" | "drop";

function fateOf(entry: Entry, error: unknown): Fate {
  if (!(error instanceof ApiError) || error.unreachable) return "offline";
  // Both end by signing in: with the password, or with the second factor that is asked for since.
  if (error.status === 401 || error.code === "second_factor_needed") return "signed_out";
  if (error.status >= 500 || error.status === 408 || error.status === 429) return "retry";
  // A skip of something that is no longer mine has nothing left to give back.
  return entry.kind === "skip" ? "drop" : "refuse";
}
