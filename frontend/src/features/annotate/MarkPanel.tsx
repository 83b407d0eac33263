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
  const group = "Mark the passage as";
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
    move("The next word", "ArrowRight", () => moveSelection("forward", "word", false)),
    move("The word before", "ArrowLeft", () => moveSelection("backward", "word", false)),
    move("A word more", "shift+ArrowRight", () => moveSelection("forward", "word", true)),
    move("A word less", "shift+ArrowLeft", () => moveSelection("backward", "word", true)),
    move("The line below", "ArrowDown", () => moveSelection("forward", "line", false)),
    move("The line above", "ArrowUp", () => moveSelection("backward", "line", false)),
    move("A line more", "shift+ArrowDown", () => moveSelection("forward", "line", true)),
    move("A line less", "shift+ArrowUp", () => moveSelection("backward", "line", true)),
  ];
  const close: Command = { id: "mark:close", label: "Do not mark", group, keys: ["Escape"], enabled: true, fixed: true, perform: onClose };
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
  group: "Choose a passage",
  keys: [key],
  enabled: true,
  repeats: true,
  fixed: true,
  perform,
});
