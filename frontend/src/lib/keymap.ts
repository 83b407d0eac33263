import { useSyncExternalStore } from "react";

import { chose } from "./choices";
import type { Command } from "./commands";

/** Keys that a person chose, by command; the first one is shown. This browser has them for each person. */
export type Keymap = Readonly<Record<string, string>>;

const PREFIX = "plumbline.keys.";
const NONE: Keymap = {};
const listeners = new Set<() => void>();
let owner: number | null = null;
let chosen: Keymap = NONE;

/** The keys of whoever is signed in. */
export function openKeymap(person: number | null): void {
  if (person === owner) return;
  owner = person;
  chosen = read();
}

function read(): Keymap {
  if (owner === null) return NONE;
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(`${PREFIX}${owner}`) ?? "{}");
    if (typeof stored !== "object" || stored === null) return NONE;
    return Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return NONE;
  }
}

function write(next: Keymap): void {
  takeKeys(next);
  chose("keys");
}

/** What was chosen elsewhere. */
export function takeKeys(next: Keymap): void {
  chosen = next;
  try {
    if (owner !== null) localStorage.setItem(`${PREFIX}${owner}`, JSON.stringify(next));
  } catch {
    // Kept for this visit.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const chosenKeys = (): Keymap => chosen;

export function useKeymap(): Keymap {
  return useSyncExternalStore(subscribe, chosenKeys);
}

export const resetKeys = (): void => write(NONE);

/** Gives `command` this key; the one that had it, if any, gets the key that becomes free. */
export function setKey(commands: readonly Command[], command: Command, key: string): void {
  const next = { ...chosen, [command.id]: key };
  const holder = holderOf(commands, command, key);
  const freed = command.keys[0];
  if (holder && freed) next[holder.id] = freed;
  write(next);
}

/** The other command that has this key now. Two commands never share one. */
export function holderOf(commands: readonly Command[], command: Command, key: string): Command | null {
  return commands.find((other) => other.id !== command.id && other.keys.includes(key)) ?? null;
}

/** The commands with the keys their person chose. A chosen key is taken from whatever has it by default. */
export function withChosenKeys(commands: readonly Command[], keymap: Keymap): Command[] {
  const own = new Map(commands.flatMap(({ id, fixed }) => (fixed || !keymap[id] ? [] : [[id, keymap[id]] as const])));
  if (own.size === 0) return [...commands];
  const taken = new Set(own.values());
  return commands.map((command) => {
    if (command.fixed) return command;
    const key = own.get(command.id);
    return { ...command, keys: key ? [key] : command.keys.filter((name) => !taken.has(name)) };
  });
}
