import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { SAMPLES_PER_PAGE, samplesQuery } from "@/api/runs";
import type { Run } from "@/api/types";
import { Prose } from "@/components/Prose";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { metric } from "@/lib/format";
import { isRecord, number, text } from "@/lib/shapes";

import classes from "./RunView.module.css";

const LOOK = { markdown: false, face: "sans", text_size: 0 } as const;

/** What the model wrote. */
export function RunSamples({ run }: { run: Run }) {
  const [offset, setOffset] = useState(0);
  const samples = useQuery({ ...samplesQuery(run.id, offset), placeholderData: keepPreviousData });
  if (samples.isPending) return <TableSkeleton columns={2} rows={6} />;
  if (samples.isError) {
    return <Failure what={t`The samples could not be read.`} error={samples.error} retry={() => void samples.refetch()} />;
  }
  const rows = samples.data.rows;
  if (rows.length === 0 && offset === 0) {
    return <Empty title={t`No samples yet.`}><Trans>They appear here when the worker has sent its responses.</Trans></Empty>;
  }
  return (
    <div className={classes.samples}>
      {rows.map((row, index) => (
        <Sample key={offset + index} row={row} />
      ))}
      <div className={classes.pager}>
        <Button variant="default" size="xs" disabled={offset === 0} onClick={() => setOffset(offset - SAMPLES_PER_PAGE)}>
          <Trans>Before</Trans>
        </Button>
        {offset + 1}–{offset + rows.length}
        <Button
          variant="default"
          size="xs"
          disabled={rows.length < SAMPLES_PER_PAGE}
          onClick={() => setOffset(offset + SAMPLES_PER_PAGE)}
        >
          <Trans>After</Trans>
        </Button>
      </div>
    </div>
  );
}

function Sample({ row }: { row: Record<string, unknown> }) {
  const texts = Array.isArray(row.completions)
    ? row.completions.filter(isRecord)
    : text(row.text) !== null
      ? [row]
      : [];
  const reward = number(row.reward);
  return (
    <article className={classes.sample}>
      <div className={classes.sampleHead}>
        <span><Trans>prompt {String(row.prompt_id)}</Trans></span>
        {number(row.model) !== null ? <span><Trans>model {String(row.model)}</Trans></span> : null}
        {reward !== null ? <span><Trans>reward {metric(reward)}</Trans></span> : null}
      </div>
      {texts.map((completion, index) => (
        <div key={index}>
          {texts.length > 1 ? (
            <div className={classes.sampleHead} style={{ marginTop: index ? 12 : 0 }}>
              {number(completion.num_tokens) === null ? null : <span><Trans>{String(completion.num_tokens)} tokens</Trans></span>}
              {completion.finish === "length" ? <span><Trans>cut off</Trans></span> : null}
            </div>
          ) : null}
          <Prose text={text(completion.text) ?? t`(empty)`} look={LOOK} />
        </div>
      ))}
    </article>
  );
}
