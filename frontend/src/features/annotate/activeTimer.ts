/** Seconds somebody worked on one task: time with the page hidden or without any sign of life
 * for a while does not count. */
export class ActiveTimer {
  readonly #idleAfterMs: number;
  #totalMs = 0;
  #last: number | null = null;
  #held = false;

  constructor(idleAfterMs = 30_000) {
    this.#idleAfterMs = idleAfterMs;
  }

  restart(now: number): void {
    this.#totalMs = 0;
    this.#last = this.#held ? null : now;
  }

  /** A key, a move, a scroll: or the page is shown again. */
  touch(now: number): void {
    if (this.#held) return;
    this.#settle(now);
    this.#last = now;
  }

  /** The page is hidden. */
  pause(now: number): void {
    this.#settle(now);
    this.#last = null;
  }

  /** Somebody takes a break: nothing is a sign of work until `resume`. */
  hold(now: number): void {
    this.pause(now);
    this.#held = true;
  }

  resume(now: number): void {
    this.#held = false;
    this.touch(now);
  }

  /** Whether anybody gave a sign of life within `ms`. */
  aliveWithin(ms: number, now: number): boolean {
    return this.#last !== null && now - this.#last <= ms;
  }

  seconds(now: number): number {
    return Math.round((this.#totalMs + this.#open(now)) / 100) / 10;
  }

  #open(now: number): number {
    return this.#last === null ? 0 : Math.min(now - this.#last, this.#idleAfterMs);
  }

  #settle(now: number): void {
    this.#totalMs += this.#open(now);
  }
}
