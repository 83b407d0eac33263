import { Key } from "@/components/Key";
import { keyLabel, type Command } from "@/lib/commands";

import classes from "./Dock.module.css";

interface Props {
  command: Command | undefined;
  text?: string;
  pressed?: boolean;
}

/** A command as a quiet button that shows its key. A click leaves the focus where it was, so that
 * Enter goes on meaning submit. */
export function CommandButton({ command, text, pressed }: Props) {
  if (!command || (!command.enabled && command.id !== "undo")) return null;
  return (
    <button
      type="button"
      className={classes.command}
      disabled={!command.enabled}
      aria-pressed={pressed}
      aria-label={text === undefined || says(command.label, text) ? command.label : undefined}
      aria-keyshortcuts={command.keys[0]}
      title={command.keys[0] ? `${command.label} (${keyLabel(command.keys[0])})` : command.label}
      onMouseDown={(event) => event.preventDefault()}
      onClick={command.perform}
    >
      <span>{text ?? command.label}</span>
      {command.keys[0] ? <Key name={command.keys[0]} /> : null}
    </button>
  );
}

/** Whether the name has the words that are seen, whole: people say them aloud to reach the button. */
const says = (label: string, text: string): boolean => ` ${label} `.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").includes(` ${text.toLowerCase()} `);
