import { useSyncExternalStore } from "react";

import { chose } from "./choices";

/** Personal settings, as this browser has them. Storage may be closed to us; then they last for the visit. */
export interface Preferences {
  railNarrow: boolean;
  auto_submit: boolean;
  markdown: boolean;
  face: "serif" | "sans";
  text_size: 0 | 1 | 2 | 3;
  /** How wide the page of a task is. */
  width: "narrow" | "normal" | "full";
  density: "airy" | "dense";
  /** Whether responses scroll with the page, or each by itself. */
  panes: "together" | "apart";
  contrast: "normal" | "high";
  smoothing: number;
  /** Null: as the browser asks. */
  language: string | null;
}

const KEY = "plumbline.preferences";
const DEFAULTS: Preferences = {
  railNarrow: false,
  auto_submit: false,
  markdown: true,
  face: "serif",
  text_size: 1,
  width: "normal",
  density: "airy",
  panes: "together",
  contrast: "normal",
  smoothing: 0,
  language: null,
};

/** Those that follow their person to other browsers, by the names that the server has for them. */
export const SHARED = ["auto_submit", "markdown", "face", "text_size", "width", "density", "panes", "contrast", "language"] as const satisfies readonly (keyof Preferences)[];

let current: Preferences = read();
const listeners = new Set<() => void>();

function read(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...(typeof stored === "object" ? (stored as Partial<Preferences>) : {}) };
  } catch {
    return DEFAULTS;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  takePreferences({ [name]: value });
  if ((SHARED as readonly string[]).includes(name)) chose(name);
}

/** What was chosen elsewhere. */
export function takePreferences(chosen: Partial<Preferences>): void {
  current = { ...current, ...chosen };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Kept for this visit.
  }
  for (const listener of listeners) listener();
}

export const preferred = (): Preferences => current;

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferred);
}
