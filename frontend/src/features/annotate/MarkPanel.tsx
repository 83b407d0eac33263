import { t } from "@lingui/core/macro";

import type { Choice } from "@/api/types";
import type { Command } from "@/lib/commands";
import { useCommands } from "@/lib/useCommands";

import { CommandButton } from "./CommandButton";
import classes from "./Dock.module.css";
import { moveSelection } from "./selection";
import type { Picked } from "./spans";

interface Props {
  picked: Picked;
  labels: readonly Choice[];
  onMark: (label: string) => void;
  onClose: () => void;
}

/** What a selected passage is: a digit is enough. */
export function MarkPanel({ picked, labels, onMark, onClose }: Props) {
  const group = t`Mark the passage as`;
  const marking: Command[] = labels.map(({ key, label }, index) => ({
    id: `mark:${key}`,
    label,
    group,
    keys: index < 9 ? [String(index + 1)] : [],
    enabled: true,
    fixed: true,
    perform: () => onMark(key),
  }));
  const moves: Command[] = [
    move(t`The next word`, "ArrowRight", () => moveSelection("forward", "word", false)),
    move(t`The word before`, "ArrowLeft", () => moveSelection("backward", "word", false)),
    move(t`A word more`, "shift+ArrowRight", () => moveSelection("forward", "word", true)),
    move(t`A word less`, "shift+ArrowLeft", () => moveSelection("backward", "word", true)),
    move(t`The line below`, "ArrowDown", () => moveSelection("forward", "line", false)),
    move(t`The line above`, "ArrowUp", () => moveSelection("backward", "line", false)),
    move(t`A line more`, "shift+ArrowDown", () => moveSelection("forward", "line", true)),
    move(t`A line less`, "shift+ArrowUp", () => moveSelection("backward", "line", true)),
  ];
  const close: Command = { id: "mark:close", label: t`Do not mark`, group, keys: ["Escape"], enabled: true, fixed: true, perform: onClose };
  useCommands([...marking, ...moves, close]);
  return (
    <div className={classes.panel} role="group" aria-label={group}>
      <span className={classes.quote}>{picked.quote}</span>
      {marking.map((command, index) => (
        <span key={command.id} title={labels[index]?.description || undefined}>
          <CommandButton command={command} />
        </span>
      ))}
      <CommandButton command={close} />
    </div>
  );
}

const move = (label: string, key: string, perform: () => void): Command => ({
  id: `mark:${key}`,
  label,
  group: t`Choose a passage`,
  keys: [key],
  enabled: true,
  repeats: true,
  fixed: true,
  perform,
});
