import { t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { leasesQuery, releaseLease } from "@/api/tasks";
import type { LeaseHeld } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { Panel } from "@/components/Panel";
import { Failure } from "@/components/States";
import { Table, TableSkeleton, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { duration, fullTime, secondsBetween } from "@/lib/format";
import { usePolling } from "@/lib/live";
import { useAct } from "@/lib/useAct";
import { useNow } from "@/lib/useNow";

import classes from "./Queue.module.css";

/** Who holds what, since when, and until when. */
export function Leases({ slug, manages }: { slug: string; manages: boolean }) {
  const polling = usePolling();
  const leases = useQuery({ ...leasesQuery(slug), refetchInterval: polling });
  const rows = leases.data?.leases ?? [];
  return (
    <Panel
      title={t`In hand`}
      padded={false}
      actions={rows.length ? <DownloadCsv name="in-hand" columns={CSV} rows={() => rows} /> : undefined}
    >
      {leases.isPending ? (
        <TableSkeleton columns={5} rows={2} />
      ) : leases.isError ? (
        <Failure what={t`The leases could not be read.`} error={leases.error} retry={() => void leases.refetch()} />
      ) : rows.length === 0 ? (
        <p className={classes.none}><Trans>Nobody holds a task now. Whoever opens the ranking page shows up here.</Trans></p>
      ) : (
        <>
          <Table label={t`In hand`} bare columns={columnsFor(slug, manages)} rows={rows} keyOf={(lease) => lease.assignment} />
          <p className={classes.foot}>
            <Trans>
              <Plural value={rows.length} one="# task" other="# tasks" /> in hand, the longest silent first. Taken back, a task goes to
              somebody else; what its holder still sends is kept beside the queue.
            </Trans>
          </p>
        </>
      )}
    </Panel>
  );
}

const columnsFor = (slug: string, manages: boolean): Column<LeaseHeld>[] => [
  { name: t`Who`, cell: (lease) => lease.name },
  {
    name: t`What`,
    cell: (lease) => (
      <Link from="/p/$slug/queue" to="/p/$slug/queue" params={{ slug }} search={(old) => ({ ...old, task: lease.task })}>
        <Trans>Task {lease.task}</Trans>
      </Link>
    ),
  },
  { name: t`Since`, cell: (lease) => <Ago at={lease.leased_at} /> },
  { name: t`Last heard`, cell: (lease) => <Ago at={lease.renewed_at} /> },
  { name: t`Runs out`, cell: (lease) => <Left until={lease.expires_at} /> },
  ...(manages
    ? [{ name: t`Actions`, hidden: true, number: true, cell: (lease: LeaseHeld) => <Release slug={slug} lease={lease} /> }]
    : []),
];

function Left({ until }: { until: string }) {
  const now = useNow(1_000);
  const seconds = secondsBetween(now.toISOString(), until);
  return (
    <time dateTime={until} title={fullTime(until)}>
      {seconds > 0 ? t`in ${duration(seconds)}` : t`now`}
    </time>
  );
}

function Release({ slug, lease }: { slug: string; lease: LeaseHeld }) {
  const release = useAct(() => releaseLease(slug, lease.assignment), {
    stale: [
      ["project", slug, "tasks"],
      ["project", slug, "counts"],
    ],
    failed: t`Not taken back`,
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={release.isPending}
      onClick={() => release.mutate(undefined)}
      title={t`Take task ${lease.task} back from ${lease.name}`}
    >
      <Trans>Take back</Trans>
    </Button>
  );
}

const CSV: CsvColumn<LeaseHeld>[] = [
  ["name", (lease) => lease.name],
  ["task", (lease) => lease.task],
  ["leased_at", (lease) => lease.leased_at],
  ["renewed_at", (lease) => lease.renewed_at],
  ["expires_at", (lease) => lease.expires_at],
];
