import { t } from "@lingui/core/macro";

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
  /** How many would be lost with this page. */
  unkept: number;
}

/** Where entries lie until they are sent. */
export interface Shelf {
  all: () => Promise<Entry[]>;
  put: (entry: Entry) => Promise<void>;
  remove: (clientKey: string) => Promise<void>;
}

/** What pages of one person tell each other, and how one of them gets to send. */
export interface Neighbours {
  /** Runs `work` while no other page does; at once where the browser has no locks. */
  alone: (work: () => Promise<void>) => Promise<void>;
  tell: (news: News) => void;
  listen: (hear: (news: News) => void) => () => void;
}

export type News =
  | { type: "changed" }
  | { type: "answered"; entry: Entry; receipt: JudgmentReceipt | null };

export const NOBODY: Neighbours = { alone: (work) => work(), tell: () => undefined, listen: () => () => undefined };

interface Options {
  shelf: Shelf;
  send: Send;
  neighbours?: Neighbours;
  retryMs?: number;
  maxRetryMs?: number;
}

const IDLE: OutboxState = { waiting: [], refused: [], held: null, unkept: 0 };

/** Keeps what was said until the server has acknowledged it: across failures, reloads and tabs.
 *
 * An entry is on the shelf before it is sent, and leaves it once the server has answered. One page
 * sends at a time; should two, the client key makes the second a replay. Entries of one assignment
 * leave in the order they were made, since a correction must follow what it corrects.
 */
export class Outbox {
  readonly #options: Options;
  readonly #neighbours: Neighbours;
  readonly #entries = new Map<string, Entry>();
  /** Made on this page; its receivers want to hear of them whoever sends. */
  readonly #own = new Set<string>();
  /** Not on the shelf: still being written, or there is no room. */
  readonly #unkept = new Map<string, Promise<void>>();
  readonly #listeners = new Set<() => void>();
  readonly #receivers = new Set<OnReceipt>();
  #leave: () => void = () => undefined;
  #state: OutboxState = IDLE;
  #held: OutboxState["held"] = null;
  #pumping = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay: number;
  /** What earlier pages left is known. */
  readonly ready: Promise<void>;

  constructor(options: Options) {
    this.#options = options;
    this.#neighbours = options.neighbours ?? NOBODY;
    this.#delay = options.retryMs ?? 1_000;
    this.ready = this.#look();
  }

  add(entry: Entry): void {
    this.#own.add(entry.clientKey);
    this.#entries.set(entry.clientKey, entry);
    this.#keep(entry);
    this.#publish();
    void this.flush();
  }

  /** Try now: at the start, when the network is back, after signing in again. */
  async flush(): Promise<void> {
    if (this.#pumping || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#pumping = true;
    try {
      await this.ready;
      await this.#neighbours.alone(async () => {
        await this.#look();
        for (let more = true; more; ) more = await this.#pass();
      });
    } finally {
      this.#pumping = false;
    }
    this.#later();
  }

  dismiss(clientKey: string): void {
    void this.#forget(clientKey).then(() => this.#neighbours.tell({ type: "changed" }));
    this.#publish();
  }

  /** The page is there: it hears the others, and sends. */
  start(): void {
    this.#stopped = false;
    this.#leave = this.#neighbours.listen((news) => this.#hear(news));
    void this.flush();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#leave();
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
      if (this.#stopped) return false;
      if (stuck.has(entry.assignmentId)) continue;
      // Not before it would survive this page.
      await this.#unkept.get(entry.clientKey);
      try {
        const receipt = await this.#options.send(entry);
        this.#held = null;
        this.#delay = this.#options.retryMs ?? 1_000;
        await this.#forget(entry.clientKey);
        this.#deliver(entry, receipt);
        this.#neighbours.tell({ type: "answered", entry, receipt });
      } catch (error) {
        const fate = fateOf(entry, error);
        if (fate === "drop") await this.#forget(entry.clientKey);
        else if (fate === "refuse") this.#refuse(entry, error);
        else stuck.add(entry.assignmentId);
        if (fate === "drop" || fate === "refuse") this.#neighbours.tell({ type: "changed" });
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
    if (this.#stopped || this.#state.waiting.length === 0) return;
    this.#timer = setTimeout(() => void this.flush(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, this.#options.maxRetryMs ?? 15_000);
  }

  #refuse(entry: Entry, error: unknown): void {
    const refused = { ...entry, refused: error instanceof Error ? error.message : t`The server did not accept it.` };
    this.#entries.set(entry.clientKey, refused);
    this.#keep(refused);
  }

  #deliver(entry: Entry, receipt: JudgmentReceipt | null): void {
    for (const receiver of this.#receivers) receiver(entry, receipt);
  }

  #hear(news: News): void {
    if (news.type === "answered") {
      this.#entries.delete(news.entry.clientKey);
      if (this.#own.has(news.entry.clientKey)) this.#deliver(news.entry, news.receipt);
      this.#publish();
    } else void this.#look();
  }

  /** Take over what is on the shelf; what could not be put there stays known to this page alone. */
  async #look(): Promise<void> {
    let kept: Entry[];
    try {
      kept = await this.#options.shelf.all();
    } catch {
      return;
    }
    const there = new Set(kept.map((entry) => entry.clientKey));
    for (const key of [...this.#entries.keys()]) {
      if (!there.has(key) && !this.#unkept.has(key)) this.#entries.delete(key);
    }
    for (const entry of kept) if (!this.#unkept.has(entry.clientKey)) this.#entries.set(entry.clientKey, entry);
    this.#publish();
  }

  #publish(): void {
    const all = [...this.#entries.values()].sort((a, b) => a.madeAt - b.madeAt);
    const waiting = all.filter((entry) => entry.refused === undefined);
    if (waiting.length === 0) this.#held = null;
    const refused = all.filter((entry) => entry.refused !== undefined);
    this.#state = { waiting, refused, held: this.#held, unkept: this.#unkept.size };
    for (const listener of this.#listeners) listener();
  }

  #keep(entry: Entry): void {
    const kept = this.#options.shelf.put(entry).then(
      () => {
        if (this.#unkept.get(entry.clientKey) === kept) this.#unkept.delete(entry.clientKey);
        // It was answered while it was written.
        if (!this.#entries.has(entry.clientKey)) void this.#options.shelf.remove(entry.clientKey).catch(() => undefined);
        this.#neighbours.tell({ type: "changed" });
        this.#publish();
      },
      // Full or closed: it stays in memory and is sent from there.
      () => undefined,
    );
    this.#unkept.set(entry.clientKey, kept);
  }

  async #forget(clientKey: string): Promise<void> {
    this.#entries.delete(clientKey);
    this.#unkept.delete(clientKey);
    // Where this fails it is sent again at the next visit, and its key makes it a replay.
    await this.#options.shelf.remove(clientKey).catch(() => undefined);
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
