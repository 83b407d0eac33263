import { useEffect, useState } from "react";

import type { Assignment } from "@/api/types";
import { selectedPassage } from "@/components/prose/passages";

import { textOf, type Picked } from "./spans";

// Long enough for a tap on a label to come before the selection is seen to be gone.
const REST_MS = 250;

export const passageId = (response: string, message: number): string => `${response}:${message}`;

const passageAround = (node: Node | null): HTMLElement | null =>
  (node instanceof Element ? node : node?.parentElement)?.closest<HTMLElement>("[data-passage]") ?? null;

export function pickedNow(assignment: Assignment): Picked | null {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const root = passageAround(range.startContainer) ?? passageAround(selection.anchorNode);
  if (!root) return null;
  const at = root.dataset.passage?.lastIndexOf(":") ?? -1;
  const response = root.dataset.passage?.slice(0, at) ?? "";
  const message = Number(root.dataset.passage?.slice(at + 1));
  const text = textOf(assignment, response, message);
  const found = selectedPassage(range, root, text);
  return found && { response, message, ...found, quote: text.slice(found.start, found.end) };
}

/** What is selected in a response, by mouse, finger or keys; null where that is nothing. */
export function usePicked(assignment: Assignment, on: boolean): [Picked | null, () => void] {
  const [shown, setShown] = useState<Picked | null>(null);
  useEffect(() => {
    if (!on) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setShown(pickedNow(assignment)), REST_MS);
    };
    document.addEventListener("selectionchange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("selectionchange", look);
    };
  }, [assignment, on]);
  const clear = () => {
    document.getSelection()?.removeAllRanges();
    setShown(null);
  };
  return [shown, clear];
}

/** Select the first word of a response. */
export function selectFirstWord(response: string): void {
  const root = document.querySelector(`[data-passage="${CSS.escape(passageId(response, 0))}"]`);
  const words = root?.querySelector("[data-from]")?.firstChild;
  const selection = document.getSelection();
  if (!words || !selection) return;
  selection.collapse(words, 0);
  selection.modify("extend", "forward", "word");
}

/** The next word or the one before instead, or as well. */
export function moveSelection(towards: "forward" | "backward", by: "word" | "line", extend: boolean): void {
  const selection = document.getSelection();
  const root = passageAround(selection?.anchorNode ?? null);
  if (!selection || !root) return;
  const before = selection.rangeCount > 0 ? selection.getRangeAt(0).cloneRange() : null;
  if (extend) selection.modify("extend", towards, by);
  else {
    if (towards === "forward") selection.collapseToEnd();
    else selection.collapseToStart();
    // The end of a word and the start of the next one are two places.
    if (by === "line" || towards === "backward") selection.modify("move", towards, by);
    selection.modify("extend", "forward", "word");
  }
  if (before && (passageAround(selection.focusNode) !== root || selection.toString().trim() === "")) {
    selection.removeAllRanges();
    selection.addRange(before);
  }
}
