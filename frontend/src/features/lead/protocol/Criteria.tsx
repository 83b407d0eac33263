import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, NumberInput, Switch, TextInput } from "@mantine/core";

import type { Criterion } from "@/api/types";

import { Moves } from "./Choices";
import { keyFor, moved, newCriterion } from "./edit";
import classes from "./Protocol.module.css";

interface Props {
  criteria: readonly Criterion[];
  /** Keys that judgments may already name. */
  stored: ReadonlySet<string>;
  onChange: (criteria: Criterion[]) => void;
}

/** Scales on which every response is scored. */
export function Criteria({ criteria, stored, onChange }: Props) {
  const taken = criteria.map(({ key }) => key);
  return (
    <div className={classes.list}>
      <p className={classes.says}><Trans>Scales of whole numbers on which every response is scored.</Trans></p>
      {criteria.map((criterion, at) => (
        <OneCriterion
          key={at}
          at={at}
          criterion={criterion}
          length={criteria.length}
          onChange={(next) => onChange(criteria.map((old, index) => (index === at ? next : old)))}
          onName={(label) =>
            stored.has(criterion.key) ? criterion.key : keyFor(label || "criterion", taken.filter((_, index) => index !== at))
          }
          onMove={(by) => onChange(moved(criteria, at, by))}
          onRemove={() => onChange(criteria.filter((_, index) => index !== at))}
        />
      ))}
      <div>
        <Button variant="default" onClick={() => onChange([...criteria, newCriterion(taken)])}>
          <Trans>Add a criterion</Trans>
        </Button>
      </div>
    </div>
  );
}

interface OneProps {
  at: number;
  length: number;
  criterion: Criterion;
  onChange: (criterion: Criterion) => void;
  /** The key under a label: it follows the label until judgments may name it. */
  onName: (label: string) => string;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function OneCriterion({ at, length, criterion, onChange, onName, onMove, onRemove }: OneProps) {
  const { label, low, high, labels } = criterion;
  const name = label || t`criterion ${at + 1}`;
  const rename = (next: string) => onChange({ ...criterion, label: next, key: onName(next) });
  const end = (score: number, text: string) => {
    const others = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== String(score)));
    onChange({ ...criterion, labels: text ? { ...others, [score]: text } : others });
  };
  const range = (next: { low: number } | { high: number }) => {
    const to = { ...criterion, ...next };
    const kept = Object.entries(labels).filter(([score]) => Number(score) >= to.low && Number(score) <= to.high);
    onChange({ ...to, labels: Object.fromEntries(kept) });
  };
  return (
    <div className={classes.criterion} role="group" aria-label={t`Criterion ${name}`}>
      <div className={classes.top}>
        <TextInput label={t`Label`} maxLength={100} value={label} onChange={(event) => rename(event.currentTarget.value)} />
        <Moves name={name} at={at} length={length} onMove={onMove} onRemove={onRemove} />
      </div>
      <TextInput
        label={t`Explanation`}
        maxLength={2000}
        value={criterion.description}
        onChange={(event) => onChange({ ...criterion, description: event.currentTarget.value })}
      />
      <div className={classes.ends}>
        <NumberInput label={t`From`} min={-100} max={100} allowDecimal={false} value={low} onChange={(next) => (typeof next === "number" ? range({ low: next }) : undefined)} />
        <TextInput label={t`which is`} placeholder={t`bad`} maxLength={100} value={labels[String(low)] ?? ""} onChange={(event) => end(low, event.currentTarget.value)} />
        <NumberInput label={t`To`} min={-100} max={100} allowDecimal={false} value={high} onChange={(next) => (typeof next === "number" ? range({ high: next }) : undefined)} />
        <TextInput label={t`which is`} placeholder={t`good`} maxLength={100} value={labels[String(high)] ?? ""} onChange={(event) => end(high, event.currentTarget.value)} />
      </div>
      <Switch
        label={t`Every response must be scored`}
        checked={criterion.required}
        onChange={(event) => onChange({ ...criterion, required: event.currentTarget.checked })}
      />
    </div>
  );
}
