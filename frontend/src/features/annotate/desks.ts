import type { Assignment } from "@/api/types";

const PREFIX = "plumbline.desk.";
/** A page that was just left, as by a reload, lets go a moment after the next one looks. */
const LEAVING_MS = 150;

/** Which assignments lie on this tab's desk, so that no other tab of the browser shows them too.
 *
 * Each is a lock, which the browser gives back with the tab. Where it has no locks (addresses that are
 * not secure), tabs may show the same task; the server then keeps one judgment of it.
 */
export class TabDesk {
  readonly #taken = new Map<string, () => void>();

  /** What other tabs have on theirs. */
  async elsewhere(): Promise<string[]> {
    if ((await this.#lockedElsewhere()).length === 0) return [];
    await new Promise((done) => setTimeout(done, LEAVING_MS));
    return this.#lockedElsewhere();
  }

  /** Those of `offered` that no other tab has taken: they are on this desk now. */
  async take(offered: readonly Assignment[]): Promise<Assignment[]> {
    const taken = await Promise.all(offered.map(({ id }) => this.#lock(id)));
    return offered.filter((_, index) => taken[index]);
  }

  /** These, and no others, are on the desk. */
  keep(ids: readonly string[]): void {
    for (const id of ids) void this.#lock(id);
    for (const [id, letGo] of this.#taken) {
      if (ids.includes(id)) continue;
      this.#taken.delete(id);
      letGo();
    }
  }

  async #lockedElsewhere(): Promise<string[]> {
    if (!("locks" in navigator)) return [];
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name = "" }) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : [])).filter((id) => !this.#taken.has(id));
  }

  #lock(id: string): Promise<boolean> {
    if (!("locks" in navigator) || this.#taken.has(id)) return Promise.resolve(true);
    return new Promise((resolve) => {
      void navigator.locks.request(PREFIX + id, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        if (lock) return new Promise<void>((letGo) => this.#taken.set(id, letGo));
        return undefined;
      });
    });
  }
}
