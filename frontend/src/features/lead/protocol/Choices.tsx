import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";

import type { Choice } from "@/api/types";

import { keyFor, moved } from "./edit";
import classes from "./Protocol.module.css";

interface Props {
  /** "reason", for the buttons. */
  what: string;
  says: string;
  choices: readonly Choice[];
  onChange: (choices: Choice[]) => void;
}

/** A list of what may be picked. A key is made from the first label and stays, since it is what judgments store. */
export function Choices({ what, says, choices, onChange }: Props) {
  const replace = (at: number, choice: Choice) => onChange(choices.map((old, index) => (index === at ? choice : old)));
  const taken = choices.map(({ key }) => key);
  return (
    <div className={classes.list}>
      <p className={classes.says}>{says}</p>
      {choices.map((choice, at) => (
        <div key={choice.key} className={classes.choice} role="group" aria-label={`${what} ${choice.label || at + 1}`}>
          <TextInput
            aria-label={t`Label of ${what} ${at + 1}`}
            placeholder={t`Label`}
            maxLength={100}
            value={choice.label}
            onChange={(event) => replace(at, { ...choice, label: event.currentTarget.value })}
          />
          <TextInput
            aria-label={t`Explanation of ${what} ${at + 1}`}
            placeholder={t`Explanation`}
            maxLength={2000}
            value={choice.description}
            onChange={(event) => replace(at, { ...choice, description: event.currentTarget.value })}
          />
          <Moves
            name={choice.label || `${what} ${at + 1}`}
            at={at}
            length={choices.length}
            onMove={(by) => onChange(moved(choices, at, by))}
            onRemove={() => onChange(choices.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      <NewChoice what={what} onAdd={(label) => onChange([...choices, { key: keyFor(label, taken), label, description: "" }])} />
    </div>
  );
}

function NewChoice({ what, onAdd }: { what: string; onAdd: (label: string) => void }) {
  return (
    <form
      className={classes.add}
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("label");
        if (!(field instanceof HTMLInputElement) || !field.value.trim()) return;
        onAdd(field.value.trim());
        field.value = "";
      }}
    >
      <TextInput name="label" aria-label={t`New ${what}`} placeholder={t`New ${what}`} maxLength={100} />
      <Button type="submit" variant="default">
        <Trans>Add</Trans>
      </Button>
    </form>
  );
}

interface MovesProps {
  name: string;
  at: number;
  length: number;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

export function Moves({ name, at, length, onMove, onRemove }: MovesProps) {
  return (
    <span className={classes.moves}>
      <ActionIcon variant="subtle" color="gray" disabled={at === 0} onClick={() => onMove(-1)} aria-label={t`Move ${name} up`}>
        <IconArrowUp size={16} stroke={1.7} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" disabled={at === length - 1} onClick={() => onMove(1)} aria-label={t`Move ${name} down`}>
        <IconArrowDown size={16} stroke={1.7} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={t`Remove ${name}`}>
        <IconTrash size={16} stroke={1.7} aria-hidden />
      </ActionIcon>
    </span>
  );
}
