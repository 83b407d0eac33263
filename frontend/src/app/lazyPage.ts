import { t } from "@lingui/core/macro";
import { lazyRouteComponent } from "@tanstack/react-router";

import { refreshSession } from "@/api/session";
import { loadWords } from "@/lib/language";

const RELOADED = "plumbline.reloaded";
const ONCE_A_MINUTE_MS = 60_000;

/** A page's code did not come: the server is away, or it has a newer version of the page. */
export class PageNotLoaded extends Error {
  constructor() {
    super(t`The server cannot be reached, so this page could not be loaded. It opens by itself when the server is back.`);
    this.name = "PageNotLoaded";
  }
}

/** A route's component and its words, loaded when they are first wanted. */
export function lazyPage<M extends Record<string, unknown>, K extends keyof M & string>(
  parts: readonly string[],
  load: () => Promise<M>,
  name: K,
) {
  const all = () => Promise.all([load(), ...parts.map(loadWords)]).then(([page]) => page);
  return lazyRouteComponent(() => all().catch(explain), name);
}

/** After an update the old files are gone, and reloading finds the new ones. During an outage
 * reloading would leave the browser's own error page. */
async function explain(): Promise<never> {
  const answers = await refreshSession().then(
    () => true,
    () => false,
  );
  if (answers && reloadOnce()) await new Promise(() => undefined);
  throw new PageNotLoaded();
}

function reloadOnce(): boolean {
  try {
    if (Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < ONCE_A_MINUTE_MS) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return false;
  }
  location.reload();
  return true;
}
