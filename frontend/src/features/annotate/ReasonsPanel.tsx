import { t } from "@lingui/core/macro";
import { Textarea } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { Assignment } from "@/api/types";
import type { Command } from "@/lib/commands";
import { useCommands } from "@/lib/useCommands";

import { CommandButton } from "./CommandButton";
import classes from "./Dock.module.css";
import { isWriting, toggleReason, type Draft } from "./judgment";

interface Props {
  assignment: Assignment;
  draft: Draft;
  onChange: (draft: Draft) => void;
  onClose: () => void;
}

/** Why: the project's reasons by digit, and free text, as far as the protocol asks for them. */
export function ReasonsPanel({ assignment, draft, onChange, onClose }: Props) {
  const { reasons, comment } = assignment.protocol;
  const choices = isWriting(assignment) ? [] : reasons.choices;
  const writes = comment.ask !== "off";
  const field = useRef<HTMLTextAreaElement>(null);
  const group = t`Because`;
  const commands: Command[] = choices.map(({ key, label }, index) => ({
    id: `reason:${key}`,
    label,
    group,
    keys: index < 9 ? [String(index + 1)] : [],
    enabled: true,
    fixed: true,
    perform: () => onChange(toggleReason(draft, key)),
  }));
  const others: Command[] = [
    {
      id: "reason:text",
      label: t`Write a comment`,
      group,
      keys: ["t"],
      enabled: writes && choices.length > 0,
      fixed: true,
      perform: () => field.current?.focus(),
    },
    { id: "reason:close", label: t`Close`, group, keys: ["Escape", "r"], enabled: true, fixed: true, perform: onClose },
  ];
  useCommands([...commands, ...others]);
  // With reasons to choose from, digits come first.
  useEffect(() => {
    if (choices.length === 0) field.current?.focus();
  }, [choices.length]);
  return (
    <div className={classes.panel} role="group" aria-label={t`Why?`}>
      {choices.length > 0 ? <span className={classes.panelTitle}>{titleOf(reasons)}</span> : null}
      {choices.map(({ key, description }, index) => (
        <span key={key} title={description || undefined}>
          <CommandButton command={commands[index]} pressed={draft.reasons.includes(key)} />
        </span>
      ))}
      {writes ? (
        <Textarea
          ref={field}
          aria-label={t`Comment on this judgment`}
          placeholder={placeholderOf(comment, choices.length > 0)}
          value={draft.comment}
          onChange={(event) => onChange({ ...draft, comment: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
              event.preventDefault();
              onClose();
            }
          }}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={10_000}
          style={{ flex: "1 1 280px" }}
        />
      ) : null}
    </div>
  );
}

function titleOf({ min, max, choices }: Assignment["protocol"]["reasons"]): string {
  const least = Math.max(min, 1);
  if (max < choices.length) return max === least ? t`Because (${max})` : t`Because (${least} to ${max})`;
  if (least > 1) return t`Because (at least ${least})`;
  return t`Because`;
}

function placeholderOf({ ask, min_length }: Assignment["protocol"]["comment"], withKey: boolean): string {
  const long = min_length > 1;
  if (!withKey) {
    return long
      ? t`What made the difference, at least ${min_length} characters? Esc goes back to the scale.`
      : t`What made the difference? Esc goes back to the scale.`;
  }
  if (long) return t`In your words, at least ${min_length} characters (t)`;
  return ask === "required" ? t`In your words (t)` : t`In your words, if you like (t)`;
}
