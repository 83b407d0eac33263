import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { Button, TextInput } from "@mantine/core";

import type { Assignment } from "@/api/types";
import { useCommands } from "@/lib/useCommands";
import type { Command } from "@/lib/commands";

import { CommandButton } from "./CommandButton";
import classes from "./Dock.module.css";
import type { SkipWhy } from "./useRanking";

/** Offered where the protocol lists none of its own; they go as words. */
const usualReasons = (): string[] => [
  t`I cannot judge this topic`,
  t`The prompt is unclear`,
  t`The responses are broken or the same`,
  t`The content is upsetting`,
];

interface Props {
  assignment: Assignment;
  onSkip: (why: SkipWhy) => void;
  onClose: () => void;
}

/** Why this one is skipped: a digit is enough. */
export function SkipPanel({ assignment: { protocol, prompt }, onSkip, onClose }: Props) {
  const [other, setOther] = useState<string | null>(null);
  const listed = protocol.skip_reasons;
  const required = protocol.skip_reason === "required" && prompt.risk_tags.length === 0;
  const offered: { label: string; why: SkipWhy }[] = listed.length
    ? listed.map(({ key, label }) => ({ label, why: { category: key } }))
    : usualReasons().map((reason) => ({ label: reason, why: { reason } }));
  const group = t`Skip because`;
  const digit = (index: number) => (index < 9 ? [String(index + 1)] : []);
  const reasons: Command[] = offered.map(({ label, why }, index) => ({
    id: `skip:${index}`,
    label,
    group,
    keys: digit(index),
    enabled: true,
    fixed: true,
    perform: () => onSkip(why),
  }));
  const commands: Command[] = [
    ...reasons,
    {
      id: "skip:other",
      label: t`Another reason`,
      group,
      keys: digit(offered.length),
      // Where a listed one has to be chosen, words alone are refused.
      enabled: !(required && listed.length),
      fixed: true,
      perform: () => setOther(""),
    },
    { id: "skip:none", label: t`Just skip`, group, keys: ["0"], enabled: !required, fixed: true, perform: () => onSkip({}) },
    { id: "skip:close", label: t`Do not skip`, group, keys: ["Escape", "s"], enabled: true, fixed: true, perform: onClose },
  ];
  useCommands(commands);
  return (
    <div className={classes.panel} role="group" aria-label={t`Why skip?`}>
      <span className={classes.panelTitle}><Trans>Skip because</Trans></span>
      {other === null ? (
        commands.map((command) => <CommandButton key={command.id} command={command} />)
      ) : (
        <form
          style={{ display: "flex", flex: 1, gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (other.trim()) onSkip({ reason: other.trim() });
          }}
        >
          <TextInput
            aria-label={t`Reason for skipping`}
            placeholder={t`Say it in a few words`}
            value={other}
            onChange={(event) => setOther(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && setOther(null)}
            maxLength={300}
            data-autofocus
            autoFocus
            style={{ flex: 1 }}
          />
          <Button type="submit" disabled={!other.trim()}>
            <Trans>Skip</Trans>
          </Button>
        </form>
      )}
    </div>
  );
}
