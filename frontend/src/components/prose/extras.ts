import { useEffect, useSyncExternalStore } from "react";
import type { Options } from "react-markdown";

/** What only some texts need, and is loaded when the first of them comes. */
export interface Extra {
  prepare?: (text: string) => string;
  remarkPlugins?: NonNullable<Options["remarkPlugins"]>;
  rehypePlugins?: NonNullable<Options["rehypePlugins"]>;
  components?: NonNullable<Options["components"]>;
}

type Name = "math" | "code";

const LOAD: Record<Name, () => Promise<{ extra: Extra }>> = {
  math: () => import("./math"),
  code: () => import("./code"),
};
const NEEDED: Record<Name, RegExp> = {
  math: /\$[^$]|\$\$|\\\(|\\\[/,
  code: /^ {0,3}(?:```|~~~)/m,
};

let loaded: Readonly<Partial<Record<Name, Extra>>> = {};
const asked = new Set<Name>();
const listeners = new Set<() => void>();

const namesFor = (text: string): Name[] => (["math", "code"] as const).filter((name) => NEEDED[name].test(text));

/** Fetch what this text will need. Without it the text is shown as it is. */
export function preloadExtras(text: string): void {
  for (const name of namesFor(text)) {
    if (asked.has(name)) continue;
    asked.add(name);
    LOAD[name]().then(
      ({ extra }) => {
        loaded = { ...loaded, [name]: extra };
        for (const listener of listeners) listener();
      },
      () => asked.delete(name),
    );
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useExtras(text: string): Partial<Record<Name, Extra>> {
  const all = useSyncExternalStore(subscribe, () => loaded);
  useEffect(() => preloadExtras(text), [text]);
  return Object.fromEntries(namesFor(text).flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
}
