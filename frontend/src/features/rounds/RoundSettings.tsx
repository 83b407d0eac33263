import { t } from "@lingui/core/macro";

import type { Round } from "@/api/types";
import { label } from "@/lib/format";
import { isRecord } from "@/lib/shapes";

import classes from "./RoundView.module.css";

/** The round's spec, group by group. */
export function RoundSettings({ round }: { round: Round }) {
  const entries = Object.entries(round.spec);
  const plain = entries.filter(([, value]) => !isRecord(value));
  const groups = entries.filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]));
  return (
    <div className={classes.settings}>
      <Group title={t`Round`} values={plain} />
      {groups.map(([name, values]) => (
        <Group key={name} title={label(name)} values={Object.entries(values)} />
      ))}
    </div>
  );
}

function Group({ title, values }: { title: string; values: readonly [string, unknown][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {values.map(([name, value]) => (
          <div key={name}>
            <dt>{label(name)}</dt>
            <dd>{shown(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? t`yes` : t`no`;
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value);
}
