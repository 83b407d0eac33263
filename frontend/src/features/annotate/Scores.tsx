import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { NativeSelect } from "@mantine/core";
import type { KeyboardEvent } from "react";

import type { Criterion } from "@/api/types";
import { towardsEnd, towardsStart } from "@/lib/commands";

import classes from "./Scores.module.css";

// Longer scales are chosen from a list.
const MAX_BUTTONS = 11;

interface Props {
  /** The letter of the response. */
  name: string;
  criteria: readonly Criterion[];
  scores: Readonly<Record<string, number>>;
  onScore: (criterion: string, value: number | null) => void;
}

/** The project's criteria for one response, under its text. */
export function Scores({ name, criteria, scores, onScore }: Props) {
  return (
    <div className={classes.scores}>
      {criteria.map((criterion) => {
        const { key, label, description, required } = criterion;
        const props = {
          criterion,
          label: t`${label} of ${name}`,
          value: scores[key] ?? null,
          onScore: (value: number | null) => onScore(key, value),
        };
        return (
          <div key={key} className={classes.row} title={description || undefined}>
            <span className={classes.label}>
              {label}
              {required ? null : <span className={classes.optional}> <Trans>if you like</Trans></span>}
            </span>
            {criterion.high - criterion.low < MAX_BUTTONS ? <Scale {...props} /> : <List {...props} />}
          </div>
        );
      })}
    </div>
  );
}

interface ScaleProps {
  criterion: Criterion;
  label: string;
  value: number | null;
  onScore: (value: number | null) => void;
}

const valuesOf = ({ low, high }: Criterion): number[] => Array.from({ length: high - low + 1 }, (_, index) => low + index);

/** Digits and arrows score while a scale has the focus; then the next scale has it. */
function Scale({ criterion, label, value, onScore }: ScaleProps) {
  const values = valuesOf(criterion);
  const choose = (next: number) => onScore(next === value && !criterion.required ? null : next);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const move = event.key === towardsStart() ? -1 : event.key === towardsEnd() ? 1 : 0;
    if (move !== 0) {
      event.preventDefault();
      const at = value === null ? (move > 0 ? -1 : values.length) : values.indexOf(value);
      const next = values[Math.max(0, Math.min(values.length - 1, at + move))];
      if (next !== undefined) onScore(next);
      return;
    }
    if (!/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    // A digit never falls through to the ranking from here.
    event.preventDefault();
    const next = Number(event.key);
    if (!values.includes(next)) return;
    onScore(next);
    goOn(event.currentTarget);
  };
  return (
    <div
      className={classes.scale}
      role="radiogroup"
      aria-label={label}
      data-scale
      data-given={value !== null}
      onKeyDown={onKeyDown}
    >
      {values.map((one, index) => {
        const word = criterion.labels[String(one)];
        return (
          <button
            key={one}
            type="button"
            role="radio"
            className={classes.step}
            aria-checked={one === value}
            aria-label={word ? `${one}, ${word}` : String(one)}
            title={word}
            tabIndex={value === null ? (index === 0 ? 0 : -1) : one === value ? 0 : -1}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(one)}
          >
            {one}
          </button>
        );
      })}
      <span className={classes.word}>{value === null ? ends(criterion) : (criterion.labels[String(value)] ?? "")}</span>
    </div>
  );
}

function List({ criterion, label, value, onScore }: ScaleProps) {
  return (
    <NativeSelect
      size="xs"
      aria-label={label}
      data-scale
      data-given={value !== null}
      value={value === null ? "" : String(value)}
      onChange={(event) => onScore(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
      data={[
        { value: "", label: "–" },
        ...valuesOf(criterion).map((one) => {
          const word = criterion.labels[String(one)];
          return { value: String(one), label: word ? `${one} ${word}` : String(one) };
        }),
      ]}
    />
  );
}

function ends({ low, high, labels }: Criterion): string {
  const [first, last] = [labels[String(low)], labels[String(high)]];
  return first && last ? t`${first} to ${last}` : "";
}

const focusable = (scale: Element): HTMLElement | null =>
  scale instanceof HTMLSelectElement ? scale : scale.querySelector<HTMLElement>("[tabindex='0']");

/** The next scale, or the ranking after the last one. */
function goOn(from: HTMLElement): void {
  const scales = [...document.querySelectorAll("[data-scale]")];
  const next = scales[scales.indexOf(from) + 1];
  if (next) focusable(next)?.focus();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** The first scale that still waits, else the first. */
export function focusScores(): void {
  const scale = document.querySelector("[data-scale][data-given='false']") ?? document.querySelector("[data-scale]");
  if (scale) focusable(scale)?.focus();
}
