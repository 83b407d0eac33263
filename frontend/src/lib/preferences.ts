import { useSyncExternalStore } from "react";

/** Personal settings of this browser. Storage may be closed to us; then they last for the visit. */
export interface Preferences {
  railNarrow: boolean;
  autoSubmit: boolean;
  markdown: boolean;
  face: "serif" | "sans";
  textSize: 0 | 1 | 2 | 3;
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
  autoSubmit: false,
  markdown: true,
  face: "serif",
  textSize: 1,
  width: "normal",
  density: "airy",
  panes: "together",
  contrast: "normal",
  smoothing: 0,
  language: null,
};

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
  current = { ...current, [name]: value };
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
