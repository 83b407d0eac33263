import type { Assignment } from "@/api/types";

const PREFIX = "plumbline.desk.";
const ASK_AGAIN_MS = 50;
/** Whoever is there for longer than this is no page that was just left. */
const MAX_LEAVING_MS = 1_000;

/** Which assignments of a project lie on this tab's desk, so that no other tab of the browser shows them too.
 *
 * Each is a lock, which the browser takes back from a tab that is closed. Where there are no locks (on
 * addresses that browsers do not call secure) two tabs may show the same task; the server keeps one
 * judgment of it.
 */
export class TabDesk {
  readonly #taken = new Map<string, () => void>();
  /** The page that this tab showed before, as before a reload: what it had is ours once it is gone. */
  #left = remembered();
  readonly #prefix: string;

  constructor(slug: string) {
    this.#prefix = `${PREFIX}${slug}.`;
  }

  /** What other tabs have on theirs. */
  async elsewhere(): Promise<string[]> {
    let held = await this.#held();
    for (let waited = 0; this.#left !== null && waited < MAX_LEAVING_MS; waited += ASK_AGAIN_MS) {
      if (!held.some(({ clientId }) => clientId === this.#left)) break;
      await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
      held = await this.#held();
    }
    this.#left = null;
    return held.map(({ id }) => id).filter((id) => !this.#taken.has(id));
  }

  /** Those of `offered` that no other tab has taken: they are on this desk now. */
  async take(offered: readonly Assignment[]): Promise<Assignment[]> {
    const taken = await Promise.all(offered.map(({ id }) => this.#lock(id)));
    const own = (await this.#held()).find(({ id }) => this.#taken.has(id));
    if (own?.clientId) remember(own.clientId);
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

  #lock(id: string): Promise<boolean> {
    if (!("locks" in navigator) || this.#taken.has(id)) return Promise.resolve(true);
    return new Promise((resolve) => {
      void navigator.locks.request(this.#prefix + id, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise<void>((letGo) => this.#taken.set(id, letGo)) : undefined;
      });
    });
  }

  async #held(): Promise<{ id: string; clientId: string }[]> {
    if (!("locks" in navigator)) return [];
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name = "", clientId = "" }) =>
      name.startsWith(this.#prefix) ? { id: name.slice(this.#prefix.length), clientId } : [],
    );
  }
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(PREFIX);
  } catch {
    return null;
  }
}

function remember(clientId: string): void {
  try {
    sessionStorage.setItem(PREFIX, clientId);
  } catch {
    // A reload may then bring other tasks first.
  }
}
