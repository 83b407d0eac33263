import { t } from "@lingui/core/macro";

import { isRightToLeft } from "./language";

/** A command is one object: the button, the tooltip, the shortcut, the palette and the help
 * sheet all read it. */
export interface Command {
  id: string;
  label: string;
  group: string;
  /** As `KeyboardEvent.key`, or "mod+k" for Ctrl/⌘. The first one is shown. */
  keys: readonly string[];
  enabled: boolean;
  perform: () => void;
  /** Holding the key down repeats it. */
  repeats?: boolean;
  /** Its key cannot be changed: it belongs to a list that is open for a moment. */
  fixed?: boolean;
}

export interface KeyPress {
  key: string;
  code?: string;
  ctrlKey?: boolean;
  shiftKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  repeat?: boolean;
}

/** The names a key press may be bound under. A letter or digit is also known by its place on the
 * board, so that shortcuts work on layouts that type other signs there. */
export function namesOf(press: KeyPress): string[] {
  const mod = press.ctrlKey === true || press.metaKey === true ? "mod+" : "";
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  // A sign already says whether it was typed with Shift.
  const names = press.shiftKey === true && key.length > 1 ? [`${mod}shift+${key}`, mod + key] : [mod + key];
  const place = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(press.code ?? "");
  const byPlace = (place?.[1] ?? place?.[2] ?? place?.[3])?.toLowerCase();
  // A sign that is typed there on purpose ("=", "?") wins over the key's place.
  if (byPlace && !names.includes(mod + byPlace) && !/^[a-z=?[\]\\/.,;'`-]$/.test(key)) names.push(mod + byPlace);
  return names;
}

export function commandFor(commands: readonly Command[], press: KeyPress): Command | null {
  if (press.altKey === true) return null;
  for (const name of namesOf(press)) {
    const command = commands.find((candidate) => candidate.enabled && candidate.keys.includes(name));
    if (command) return press.repeat === true && command.repeats !== true ? null : command;
  }
  return null;
}

/** Whether the element that has the focus should get the key itself. */
export function belongsToTarget(target: EventTarget | null, press: KeyPress): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  if (target.matches("input:not([type=radio], [type=checkbox], [type=button])")) return true;
  const activates = press.key === "Enter" || press.key === " ";
  const moves = press.key.startsWith("Arrow");
  if (target.matches("input[type=radio]") || target.closest("[role=menu], [role=listbox], [role=dialog], [role=slider]")) {
    return moves || activates;
  }
  // A control reached by Tab answers to Enter and Space itself; a choice on a scale is only made
  // by Space, so that Enter submits from there.
  if (target.matches("[role=radio]")) return press.key === " ";
  return activates && target.matches("button, a[href], summary, [role=button]");
}

/** The arrow that points to where a line begins, and the one to where it ends. */
export const towardsStart = (): string => (isRightToLeft() ? "ArrowRight" : "ArrowLeft");
export const towardsEnd = (): string => (isRightToLeft() ? "ArrowLeft" : "ArrowRight");

const SHOWN: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Backspace: "⌫",
  get " "() { return t`Space`; },
};

export function keyLabel(key: string): string {
  if (key.startsWith("shift+")) return `⇧${keyLabel(key.slice(6))}`;
  if (key.startsWith("mod+")) {
    const apple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
    return `${apple ? "⌘" : "Ctrl "}${key.slice(4).toUpperCase()}`;
  }
  return SHOWN[key] ?? key;
}
