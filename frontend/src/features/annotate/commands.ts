import type { Assignment } from "@/api/types";
import type { Command } from "@/lib/commands";

import {
  inWords,
  isPair,
  keysOf,
  letter,
  nextUnplaced,
  place,
  scaleOf,
  step,
  type Draft,
  type PairChoice,
} from "./judgment";

interface Desk {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  correcting: boolean;
  canSubmit: boolean;
  canUndo: boolean;
  hasGuidelines: boolean;
  choose: (choice: PairChoice, settled: boolean) => void;
  change: (draft: Draft) => void;
  setFocus: (index: number) => void;
  submit: () => void;
  undo: () => void;
  leaveCorrection: () => void;
  toggle: (panel: "skip" | "comment" | "guidelines" | "prompt" | "plain") => void;
}

/** Everything that can be done on the ranking page. Buttons, keys, palette and help read this. */
export function deskCommands(desk: Desk): Command[] {
  return [...(isPair(desk.assignment) ? pairCommands(desk) : orderCommands(desk)), ...commonCommands(desk)];
}

function pairCommands(desk: Desk): Command[] {
  const { protocol } = desk.assignment;
  const group = "Prefer";
  const scale = scaleOf(protocol).map(({ value, digit }) => ({
    id: `choose:${value}`,
    label: inWords(value, protocol.strength),
    group,
    keys: value === 0 ? [digit, "="] : [digit],
    enabled: true,
    perform: () => desk.choose(value, true),
  }));
  return [
    ...scale,
    ...verdictCommands(desk, (verdict) => desk.choose(verdict, true), ["Both are bad", "Both are good"]),
    {
      id: "towards:a",
      label: "A step towards A",
      group,
      keys: ["ArrowLeft"],
      enabled: true,
      repeats: true,
      perform: () => desk.choose(step(desk.draft.choice, -1, protocol), false),
    },
    {
      id: "towards:b",
      label: "A step towards B",
      group,
      keys: ["ArrowRight"],
      enabled: true,
      repeats: true,
      perform: () => desk.choose(step(desk.draft.choice, 1, protocol), false),
    },
  ];
}

function orderCommands(desk: Desk): Command[] {
  const { assignment, draft, focus } = desk;
  const keys = keysOf(assignment);
  const focused = keys[focus] ?? "";
  const move = (by: number) => desk.setFocus((focus + by + keys.length) % keys.length);
  const group = "Place";
  const digits = keys.map((_, index) => ({
    id: `place:${index + 1}`,
    label: `Put ${letter(focus)} in place ${index + 1}`,
    group,
    keys: [String(index + 1)],
    enabled: true,
    perform: () => {
      const next = place(draft, focused, index + 1);
      desk.change(next);
      desk.setFocus(nextUnplaced(next, keys, focus));
    },
  }));
  return [
    ...digits,
    ...verdictCommands(
      desk,
      (verdict) => desk.change({ ...draft, places: {}, verdict: draft.verdict === verdict ? "none" : verdict }),
      ["All are bad", "All are good"],
    ),
    {
      id: "unplace",
      label: `Take ${letter(focus)} out of its place`,
      group,
      keys: ["Backspace", "Delete"],
      enabled: draft.places[focused] !== undefined,
      perform: () => desk.change(place(draft, focused, null)),
    },
    {
      id: "focus:before",
      label: "The response before",
      group,
      keys: ["ArrowLeft", "ArrowUp"],
      enabled: true,
      repeats: true,
      perform: () => move(-1),
    },
    {
      id: "focus:after",
      label: "The response after",
      group,
      keys: ["ArrowRight", "ArrowDown"],
      enabled: true,
      repeats: true,
      perform: () => move(1),
    },
  ];
}

function verdictCommands(
  desk: Desk,
  give: (verdict: "both_bad" | "both_good") => void,
  [bad, good]: [string, string],
): Command[] {
  const { protocol } = desk.assignment;
  return [
    {
      id: "both_bad",
      label: bad,
      group: "Prefer",
      keys: ["b"],
      enabled: protocol.both_bad,
      perform: () => give("both_bad"),
    },
    {
      id: "both_good",
      label: good,
      group: "Prefer",
      keys: ["g"],
      enabled: protocol.both_good,
      perform: () => give("both_good"),
    },
  ];
}

function commonCommands(desk: Desk): Command[] {
  const { protocol } = desk.assignment;
  return [
    { id: "submit", label: "Submit", group: "Work", keys: ["Enter"], enabled: desk.canSubmit, perform: desk.submit },
    {
      id: "undo",
      label: "Undo: open the last one again",
      group: "Work",
      keys: ["z", "mod+z"],
      enabled: desk.canUndo,
      perform: desk.undo,
    },
    {
      id: "leave_correction",
      label: "Leave the correction",
      group: "Work",
      keys: ["Escape"],
      enabled: desk.correcting,
      perform: desk.leaveCorrection,
    },
    {
      id: "skip",
      label: "Skip",
      group: "Work",
      keys: ["s"],
      enabled: protocol.skip && !desk.correcting,
      perform: () => desk.toggle("skip"),
    },
    {
      id: "comment",
      label: "Add a reason",
      group: "Work",
      keys: ["r"],
      enabled: true,
      perform: () => desk.toggle("comment"),
    },
    {
      id: "guidelines",
      label: "Guidelines",
      group: "Read",
      keys: ["i"],
      enabled: desk.hasGuidelines,
      perform: () => desk.toggle("guidelines"),
    },
    {
      id: "prompt",
      label: "Show the whole prompt",
      group: "Read",
      keys: ["p"],
      enabled: true,
      perform: () => desk.toggle("prompt"),
    },
    {
      id: "plain",
      label: "Plain text or Markdown",
      group: "Read",
      keys: ["m"],
      enabled: true,
      perform: () => desk.toggle("plain"),
    },
  ];
}
