import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Progress } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";

import { cancelImportJob, importErrorsAddress, importJobsQuery, resumeImportJob } from "@/api/imports";
import type { ImportJob } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Quiet, Table, type Column } from "@/components/Table";
import { bytes, count, label, percent } from "@/lib/format";
import { apart } from "@/lib/language";
import { usePolling } from "@/lib/live";
import { useAct } from "@/lib/useAct";

import classes from "./Import.module.css";
import { progressOf } from "./kinds";

const BUSY_MS = 1_500;

const isBusy = (job: ImportJob) => job.state === "queued" || job.state === "running";

/** Imports in the background: how far each is, and what it left out. */
export function Jobs({ slug }: { slug: string }) {
  const polling = usePolling();
  const jobs = useInfiniteQuery({
    ...importJobsQuery(slug),
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.results.some(isBusy)) ? BUSY_MS : polling),
  });
  const { job } = useSearch({ from: "/signedIn/p/$slug/import" });
  return (
    <Panel title={t`In the background`} padded={false}>
      <Listing
        query={jobs}
        failed={t`The imports could not be read.`}
        columns={4}
        empty={<p className={classes.none}><Trans>Large files, and everything but JSON Lines, are imported in the background and stand here.</Trans></p>}
      >
        {(rows, more) => <Table label={t`Imports in the background`} bare columns={columnsFor(slug, job)} rows={rows} keyOf={(row) => row.id} footer={more} />}
      </Listing>
    </Panel>
  );
}

const columnsFor = (slug: string, open: number | undefined): Column<ImportJob>[] => [
  {
    name: t`File`,
    wrap: true,
    cell: (job) => (
      <>
        <Link to="/p/$slug/import" params={{ slug }} search={{ job: job.id }} resetScroll={false}>
          {job.filename}
        </Link>{" "}
        <Quiet>
          {bytes(job.size)}
          {job.dry_run ? t`, check only` : ""}
        </Quiet>
        {open === job.id ? <Details job={job} /> : null}
      </>
    ),
  },
  { name: t`State`, cell: (job) => <State job={job} /> },
  {
    name: t`Left out`,
    number: true,
    cell: (job) =>
      job.num_errors ? (
        <>
          {count(job.num_errors)}{" "}
          <a href={importErrorsAddress(slug, job.id, "jsonl")} download={`rows-not-imported-${job.id}.jsonl`}>
            JSONL
          </a>{" "}
          <a href={importErrorsAddress(slug, job.id, "csv")} download={`rows-not-imported-${job.id}.csv`}>
            CSV
          </a>
        </>
      ) : (
        <Quiet><Trans>none</Trans></Quiet>
      ),
  },
  { name: t`Since`, cell: (job) => (job.created_at ? <Ago at={job.created_at} /> : null) },
  { name: t`Actions`, hidden: true, number: true, cell: (job) => <Actions slug={slug} job={job} /> },
];

function State({ job }: { job: ImportJob }) {
  const share = progressOf(job);
  if (!job.state) return null;
  if (!isBusy(job)) return <StateMark state={job.state} />;
  return (
    <div className={classes.progress}>
      <StateMark state={job.state} word={share === null ? t`Being checked` : progressIn(job)} />
      <Progress.Root size="sm">
        <Progress.Section
          value={(share ?? 0) * 100}
          aria-label={t`Import of ${job.filename}`}
          aria-valuetext={share === null ? t`being checked` : percent(share, 0)}
        />
      </Progress.Root>
    </div>
  );
}

function progressIn({ rows_done, num_rows }: ImportJob): string {
  const [done, all] = [count(rows_done ?? 0), num_rows ?? 0];
  return t`${done} of ${plural(all, { one: "# row", other: "# rows" })}`;
}

const COUNTED: Record<string, string> = {
  get rows() { return t`Rows`; },
  get prompts_created() { return t`Prompts created`; },
  get prompts_known() { return t`Prompts known`; },
  get responses_created() { return t`Responses created`; },
  get tasks_created() { return t`Tasks created`; },
  get judgments_created() { return t`Judgments created`; },
};

function Details({ job }: { job: ImportJob }) {
  const counts = Object.entries(job.counts);
  return (
    <div className={classes.details}>
      {job.error ? <div>{apart(job.error)}</div> : null}
      {counts.length ? counts.map(([name, n]) => `${COUNTED[name] ?? label(name)}: ${count(n)}`).join(" · ") : job.error ? null : t`Nothing is counted yet.`}
    </div>
  );
}

function Actions({ slug, job }: { slug: string; job: ImportJob }) {
  const stale = [["project", slug, "imports"]];
  const cancel = useAct(() => cancelImportJob(slug, job.id), { stale, failed: t`Not stopped` });
  const resume = useAct(() => resumeImportJob(slug, job.id), { stale, failed: t`Not resumed` });
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      {isBusy(job) ? (
        <Button variant="subtle" color="gray" size="compact-xs" loading={cancel.isPending} onClick={() => cancel.mutate(undefined)} aria-label={t`Stop ${job.filename}`}>
          <Trans>Stop</Trans>
        </Button>
      ) : null}
      {job.state === "failed" || job.state === "cancelled" ? (
        <Button variant="default" size="compact-xs" loading={resume.isPending} onClick={() => resume.mutate(undefined)} aria-label={t`Go on with ${job.filename}`}>
          <Trans>Go on</Trans>
        </Button>
      ) : null}
    </Group>
  );
}
