import type { Assignment } from "@/api/types";
import type { Command } from "@/lib/commands";

import {
  editable,
  inWords,
  isPair,
  isWriting,
  keysOf,
  letter,
  nextUnplaced,
  place,
  scaleOf,
  step,
  type Draft,
  type PairChoice,
  type PairVerdict,
} from "./judgment";
import { marks } from "./spans";

export type Toggled = "skip" | "comment" | "edit" | "guidelines" | "prompt" | "plain" | "diff" | "pause";

interface Desk {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  correcting: boolean;
  canSubmit: boolean;
  canUndo: boolean;
  hasGuidelines: boolean;
  veiled: boolean;
  choose: (choice: PairChoice, settled: boolean) => void;
  change: (draft: Draft) => void;
  setFocus: (index: number) => void;
  submit: () => void;
  undo: () => void;
  leaveCorrection: () => void;
  reveal: () => void;
  toScores: () => void;
  toMark: () => void;
  toggle: (panel: Toggled) => void;
}

/** Everything that can be done on the ranking page. Buttons, keys, palette and help read this. */
export function deskCommands(desk: Desk): Command[] {
  if (desk.veiled) return veiledCommands(desk);
  return [...judgingCommands(desk), ...commonCommands(desk)];
}

function judgingCommands(desk: Desk): Command[] {
  if (isWriting(desk.assignment)) return [cannotCommand(desk, "I cannot write this", (verdict) => desk.change(toggled(desk.draft, verdict)))];
  return [...(isPair(desk.assignment) ? pairCommands(desk) : orderCommands(desk)), ...besideCommands(desk)];
}

/** What is hidden can be shown or left; it is not judged. */
const WHILE_VEILED: ReadonlySet<string> = new Set(["undo", "leave_correction", "skip", "guidelines"]);

function veiledCommands(desk: Desk): Command[] {
  return [
    { id: "reveal", label: "Show", group: "Work", keys: ["v"], enabled: true, perform: desk.reveal },
    ...commonCommands(desk).filter(({ id }) => WHILE_VEILED.has(id)),
  ];
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
      (verdict) => desk.change({ ...toggled(draft, verdict), places: {} }),
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

const toggled = (draft: Draft, verdict: PairVerdict): Draft => ({
  ...draft,
  verdict: draft.verdict === verdict ? "none" : verdict,
});

function cannotCommand(desk: Desk, label: string, give: (verdict: PairVerdict) => void): Command {
  return {
    id: "cannot_judge",
    label,
    group: "Prefer",
    keys: ["x"],
    enabled: desk.assignment.protocol.cannot_judge,
    perform: () => give("cannot_judge"),
  };
}

function verdictCommands(
  desk: Desk,
  give: (verdict: PairVerdict) => void,
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
    cannotCommand(desk, "I cannot judge this", give),
  ];
}

/** What the protocol asks beside the ranking. */
function besideCommands(desk: Desk): Command[] {
  const { protocol } = desk.assignment;
  return [
    {
      id: "scores",
      label: "Score the responses",
      group: "Beside",
      keys: ["c"],
      enabled: protocol.criteria.length > 0,
      perform: desk.toScores,
    },
    {
      id: "mark",
      label: "Mark a passage",
      group: "Beside",
      keys: ["k"],
      enabled: marks(desk.assignment),
      perform: desk.toMark,
    },
    {
      id: "edit",
      label: "Edit the winner",
      group: "Beside",
      keys: ["e"],
      enabled: protocol.edit !== "off" && editable(desk.draft, desk.assignment, desk.focus) !== null,
      perform: () => desk.toggle("edit"),
    },
  ];
}

function commonCommands(desk: Desk): Command[] {
  const { protocol, prompt, expires_at } = desk.assignment;
  const writing = isWriting(desk.assignment);
  const reasons = !writing && protocol.reasons.choices.length > 0;
  return [
    { id: "submit", label: "Submit", group: "Work", keys: writing ? ["mod+Enter", "Enter"] : ["Enter"], enabled: desk.canSubmit, perform: desk.submit },
    {
      id: "undo",
      label: "Undo: take the last one back",
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
      // What is judged already, and open once more, cannot be given back. What is hard to read always can.
      enabled: (protocol.skip || prompt.risk_tags.length > 0) && !desk.correcting && expires_at !== null,
      perform: () => desk.toggle("skip"),
    },
    {
      id: "comment",
      label: reasons ? "Give a reason" : "Add a comment",
      group: "Beside",
      keys: ["r"],
      enabled: reasons || protocol.comment.ask !== "off",
      perform: () => desk.toggle("comment"),
    },
    { id: "pause", label: "Pause", group: "Work", keys: ["w"], enabled: true, perform: () => desk.toggle("pause") },
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
      id: "diff",
      label: isPair(desk.assignment) ? "What differs" : `What differs from ${letter(desk.focus)}`,
      group: "Read",
      keys: ["d"],
      enabled: !writing,
      perform: () => desk.toggle("diff"),
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
