import { useSyncExternalStore } from "react";

/** What a person chose and the server has not heard of: names, whose values lie where they are used.
 * They are kept over a reload. */
const PREFIX = "plumbline.untold.";
const listeners = new Set<() => void>();
let owner: number | null = null;
let untold: ReadonlySet<string> = new Set();

/** The choices of whoever is signed in. Those made on the sign-in page are theirs too. */
export function openChoices(person: number | null): void {
  if (person === owner) return;
  untold = new Set([...(owner === null ? untold : []), ...read(person)]);
  owner = person;
}

export const chose = (name: string): void => write(new Set([...untold, name]));

export const tell = (names: readonly string[]): void => write(new Set([...untold].filter((name) => !names.includes(name))));

export const untoldChoices = (): ReadonlySet<string> => untold;

export function useUntoldChoices(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, untoldChoices);
}

function read(person: number | null): string[] {
  if (person === null) return [];
  try {
    return (localStorage.getItem(`${PREFIX}${person}`) ?? "").split(" ").filter(Boolean);
  } catch {
    return [];
  }
}

function write(next: ReadonlySet<string>): void {
  untold = next;
  try {
    if (owner !== null) localStorage.setItem(`${PREFIX}${owner}`, [...next].join(" "));
  } catch {
    // Kept for this visit.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
