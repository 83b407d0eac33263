/** Seconds somebody worked on one task: time with the page hidden or without any sign of life
 * for a while does not count. */
export class ActiveTimer {
  readonly #idleAfterMs: number;
  #totalMs = 0;
  #last: number | null = null;

  constructor(idleAfterMs = 30_000) {
    this.#idleAfterMs = idleAfterMs;
  }

  restart(now: number): void {
    this.#totalMs = 0;
    this.#last = now;
  }

  /** A key, a move, a scroll: or the page is shown again. */
  touch(now: number): void {
    this.#settle(now);
    this.#last = now;
  }

  /** The page is hidden. */
  pause(now: number): void {
    this.#settle(now);
    this.#last = null;
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
