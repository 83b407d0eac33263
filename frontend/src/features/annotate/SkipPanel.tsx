import { useState } from "react";
import { Button, TextInput } from "@mantine/core";

import { useCommands } from "@/lib/useCommands";
import type { Command } from "@/lib/commands";

import { CommandButton } from "./CommandButton";
import classes from "./Dock.module.css";

const REASONS = [
  "I cannot judge this topic",
  "The prompt is unclear",
  "The responses are broken or the same",
  "The content is upsetting",
];

interface Props {
  onSkip: (reason: string) => void;
  onClose: () => void;
}

/** Why this one is skipped: a digit is enough. */
export function SkipPanel({ onSkip, onClose }: Props) {
  const [other, setOther] = useState<string | null>(null);
  const reasons: Command[] = REASONS.map((reason, index) => ({
    id: `skip:${index}`,
    label: reason,
    group: "Skip because",
    keys: [String(index + 1)],
    enabled: true,
    perform: () => onSkip(reason),
  }));
  const commands: Command[] = [
    ...reasons,
    {
      id: "skip:other",
      label: "Another reason",
      group: "Skip because",
      keys: [String(REASONS.length + 1)],
      enabled: true,
      perform: () => setOther(""),
    },
    { id: "skip:close", label: "Do not skip", group: "Skip because", keys: ["Escape", "s"], enabled: true, perform: onClose },
  ];
  useCommands(commands);
  return (
    <div className={classes.panel} role="group" aria-label="Why skip?">
      <span className={classes.panelTitle}>Skip because</span>
      {other === null ? (
        commands.map((command) => <CommandButton key={command.id} command={command} />)
      ) : (
        <form
          style={{ display: "flex", flex: 1, gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (other.trim()) onSkip(other.trim());
          }}
        >
          <TextInput
            aria-label="Reason for skipping"
            placeholder="Say it in a few words"
            value={other}
            onChange={(event) => setOther(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && setOther(null)}
            maxLength={300}
            data-autofocus
            autoFocus
            style={{ flex: 1 }}
          />
          <Button type="submit" disabled={!other.trim()}>
            Skip
          </Button>
        </form>
      )}
    </div>
  );
}
