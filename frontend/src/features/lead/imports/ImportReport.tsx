import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

import { ApiError, messageOf } from "@/api/client";
import type { ImportResult, RowError } from "@/api/types";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { Note } from "@/components/States";
import { count } from "@/lib/format";
import { apart } from "@/lib/language";
import { saveFile } from "@/lib/saveFile";
import { isRecord, number, text } from "@/lib/shapes";

import classes from "./Import.module.css";

/** What an import did, or would do. */
export function ImportReport({ result, after }: { result: ImportResult; after?: ReactNode }) {
  return (
    <Panel
      title={result.dry_run ? t`Checked: nothing is stored yet` : t`Imported`}
      actions={after}
    >
      <div className={classes.report}>
        <Stats>
          <Stat name={t`Rows`} value={count(result.rows)} />
          <Stat name={t`New prompts`} value={count(result.prompts_created)} note={t`${count(result.prompts_known)} known already`} />
          <Stat name={t`New responses`} value={count(result.responses_created)} />
          <Stat name={t`New tasks`} value={count(result.tasks_created)} />
          <Stat name={t`New judgments`} value={count(result.judgments_created)} />
        </Stats>
        {result.num_errors ? <RowErrors errors={result.errors} total={result.num_errors} left={result.dry_run ? "would be" : "done"} /> : null}
      </div>
    </Panel>
  );
}

export function ImportFailure({ error }: { error: unknown }) {
  const errors = error instanceof ApiError && error.code === "bad_rows" ? rowErrors(error.fields.errors) : [];
  const total = error instanceof ApiError ? (number(error.fields.num_errors) ?? errors.length) : 0;
  return (
    <Note care>
      <div className={classes.report}>
        <div>{messageOf(error)}</div>
        {errors.length ? <RowErrors errors={errors} total={total} left="would be" /> : null}
      </div>
    </Note>
  );
}

interface RowErrorsProps {
  errors: readonly RowError[];
  total: number;
  left: "done" | "would be";
}

function RowErrors({ errors, total, left }: RowErrorsProps) {
  const download = () =>
    saveFile("rows-not-imported.jsonl", errors.map((error) => JSON.stringify(error)).join("\n"), "application/x-ndjson");
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <span>
          {left === "would be"
            ? plural(total, { one: "# row would be left out", other: "# rows would be left out" })
            : plural(total, { one: "# row was left out", other: "# rows were left out" })}
          {total > errors.length ? t`; the first ${errors.length}:` : ":"}
        </span>
        <Button variant="default" size="compact-xs" onClick={download}>
          <Trans>Download the list</Trans>
        </Button>
      </Group>
      <table className={classes.errors} aria-label={t`Rows that cannot be imported`}>
        <tbody>
          {errors.slice(0, 50).map((error) => (
            <tr key={`${error.line}:${error.message}`}>
              <th scope="row"><Trans>line {error.line}</Trans></th>
              <td>{apart(error.message)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rowErrors(value: unknown): RowError[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((row) => ({ line: number(row.line) ?? 0, message: text(row.message) ?? "" }));
}
