import { t } from "@lingui/core/macro";

import type { Assignment } from "@/api/types";
import { towardsEnd, towardsStart, type Command } from "@/lib/commands";

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
  if (isWriting(desk.assignment)) return [cannotCommand(desk, t`I cannot write this`, (verdict) => desk.change(toggled(desk.draft, verdict)))];
  return [...(isPair(desk.assignment) ? pairCommands(desk) : orderCommands(desk)), ...besideCommands(desk)];
}

/** What is hidden can be shown or left; it is not judged. */
const WHILE_VEILED: ReadonlySet<string> = new Set(["undo", "leave_correction", "skip", "guidelines"]);

function veiledCommands(desk: Desk): Command[] {
  return [
    { id: "reveal", label: t`Show`, group: t`Work`, keys: ["v"], enabled: true, perform: desk.reveal },
    ...commonCommands(desk).filter(({ id }) => WHILE_VEILED.has(id)),
  ];
}

function pairCommands(desk: Desk): Command[] {
  const { protocol } = desk.assignment;
  const group = t`Prefer`;
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
    ...verdictCommands(desk, (verdict) => desk.choose(verdict, true), [t`Both are bad`, t`Both are good`]),
    {
      id: "towards:a",
      label: t`A step towards A`,
      group,
      keys: [towardsStart()],
      enabled: true,
      repeats: true,
      perform: () => desk.choose(step(desk.draft.choice, -1, protocol), false),
    },
    {
      id: "towards:b",
      label: t`A step towards B`,
      group,
      keys: [towardsEnd()],
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
  const group = t`Place`;
  const digits = keys.map((_, index) => ({
    id: `place:${index + 1}`,
    label: t`Put ${letter(focus)} in place ${index + 1}`,
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
      [t`All are bad`, t`All are good`],
    ),
    {
      id: "unplace",
      label: t`Take ${letter(focus)} out of its place`,
      group,
      keys: ["Backspace", "Delete"],
      enabled: draft.places[focused] !== undefined,
      perform: () => desk.change(place(draft, focused, null)),
    },
    {
      id: "focus:before",
      label: t`The response before`,
      group,
      keys: [towardsStart(), "ArrowUp"],
      enabled: true,
      repeats: true,
      perform: () => move(-1),
    },
    {
      id: "focus:after",
      label: t`The response after`,
      group,
      keys: [towardsEnd(), "ArrowDown"],
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
    group: t`Prefer`,
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
      group: t`Prefer`,
      keys: ["b"],
      enabled: protocol.both_bad,
      perform: () => give("both_bad"),
    },
    {
      id: "both_good",
      label: good,
      group: t`Prefer`,
      keys: ["g"],
      enabled: protocol.both_good,
      perform: () => give("both_good"),
    },
    cannotCommand(desk, t`I cannot judge this`, give),
  ];
}

/** What the protocol asks beside the ranking. */
function besideCommands(desk: Desk): Command[] {
  const { protocol } = desk.assignment;
  return [
    {
      id: "scores",
      label: t`Score the responses`,
      group: t`Beside`,
      keys: ["c"],
      enabled: protocol.criteria.length > 0,
      perform: desk.toScores,
    },
    {
      id: "mark",
      label: t`Mark a passage`,
      group: t`Beside`,
      keys: ["k"],
      enabled: marks(desk.assignment),
      perform: desk.toMark,
    },
    {
      id: "edit",
      label: t`Edit the winner`,
      group: t`Beside`,
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
    { id: "submit", label: t`Submit`, group: t`Work`, keys: writing ? ["mod+Enter", "Enter"] : ["Enter"], enabled: desk.canSubmit, perform: desk.submit },
    {
      id: "undo",
      label: t`Undo: take the last one back`,
      group: t`Work`,
      keys: ["z", "mod+z"],
      enabled: desk.canUndo,
      perform: desk.undo,
    },
    {
      id: "leave_correction",
      label: t`Leave the correction`,
      group: t`Work`,
      keys: ["Escape"],
      enabled: desk.correcting,
      perform: desk.leaveCorrection,
    },
    {
      id: "skip",
      label: t`Skip`,
      group: t`Work`,
      keys: ["s"],
      // What is judged already, and open once more, cannot be given back. What is hard to read always can.
      enabled: (protocol.skip || prompt.risk_tags.length > 0) && !desk.correcting && expires_at !== null,
      perform: () => desk.toggle("skip"),
    },
    {
      id: "comment",
      label: reasons ? t`Give a reason` : t`Add a comment`,
      group: t`Beside`,
      keys: ["r"],
      enabled: reasons || protocol.comment.ask !== "off",
      perform: () => desk.toggle("comment"),
    },
    { id: "pause", label: t`Pause`, group: t`Work`, keys: ["w"], enabled: true, perform: () => desk.toggle("pause") },
    {
      id: "guidelines",
      label: t`Guidelines`,
      group: t`Read`,
      keys: ["i"],
      enabled: desk.hasGuidelines,
      perform: () => desk.toggle("guidelines"),
    },
    {
      id: "prompt",
      label: t`Show the whole prompt`,
      group: t`Read`,
      keys: ["p"],
      enabled: true,
      perform: () => desk.toggle("prompt"),
    },
    {
      id: "diff",
      label: isPair(desk.assignment) ? t`What differs` : t`What differs from ${letter(desk.focus)}`,
      group: t`Read`,
      keys: ["d"],
      enabled: !writing,
      perform: () => desk.toggle("diff"),
    },
    {
      id: "plain",
      label: t`Plain text or Markdown`,
      group: t`Read`,
      keys: ["m"],
      enabled: true,
      perform: () => desk.toggle("plain"),
    },
  ];
}
