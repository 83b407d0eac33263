import { createElement, use, useSyncExternalStore, type ComponentType, type ReactNode } from "react";

const toFetch: (() => void)[] = [];
const listeners = new Set<() => void>();
let calm = false;

/** A component whose code is fetched when it is first shown, or before that, in a calm moment.
 * Suspends until it is there; `missing` stands in where the server could not hand it out. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  missing: ComponentType<P>,
): (props: P) => ReactNode {
  let loaded: ComponentType<P> | null = null;
  let coming: Promise<ComponentType<P>> | null = null;
  const fetch = () =>
    (coming ??= load()
      .catch(() => missing)
      .then((component) => (loaded = component)));
  toFetch.push(() => void fetch());
  return (props) => createElement(loaded ?? use(fetch()), props);
}

/** Fetches all that was left for later, and shows what `useCalm` holds back. */
export function fetchLater(): void {
  for (const fetch of toFetch.splice(0)) fetch();
  calm = true;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the first page has been shown, so that there is time for what nobody has asked for yet. */
export function useCalm(): boolean {
  return useSyncExternalStore(subscribe, () => calm);
}
