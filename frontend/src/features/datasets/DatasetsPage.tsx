import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { snapshotsQuery } from "@/api/datasets";
import { projectQuery } from "@/api/projects";
import type { Snapshot } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useCommands } from "@/lib/useCommands";
import { SNAPSHOT_KINDS_IN_TEXT, splitInText } from "@/lib/names";

import { FreezeSnapshot } from "./FreezeSnapshot";

export function DatasetsPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/datasets" });
  const { freeze } = useSearch({ from: "/signedIn/p/$slug/datasets" });
  const navigate = useNavigate({ from: "/p/$slug/datasets" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const snapshots = useQuery(snapshotsQuery(slug));
  const mayFreeze = may(project, "snapshot.create");
  const open = () => void navigate({ search: { freeze: true } });
  useCommands([
    { id: "freeze", label: t`Freeze a snapshot`, group: t`Datasets`, keys: ["n"], enabled: mayFreeze, perform: open },
  ]);
  const rows = snapshots.data?.results ?? [];
  const button = mayFreeze ? <Button onClick={open}><Trans>Freeze a snapshot</Trans></Button> : undefined;
  return (
    <Page
      title={t`Datasets`}
      lead={t`A snapshot never changes: the same labels give the same digest, and every model names the snapshots it learned from.`}
      actions={button}
    >
      {snapshots.isPending ? (
        <TableSkeleton columns={5} />
      ) : snapshots.isError ? (
        <Failure what={t`The snapshots could not be read.`} error={snapshots.error} retry={() => void snapshots.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title={t`Nothing is frozen yet.`} actions={button}>
          <Trans>A snapshot is what a run trains on. Rounds freeze one by themselves.</Trans>
        </Empty>
      ) : (
        <Table label={t`Snapshots`} columns={columnsFor(slug)} rows={rows} keyOf={(snapshot) => snapshot.id} />
      )}
      <FreezeSnapshot slug={slug} opened={freeze === true && mayFreeze} onClose={() => void navigate({ search: {} })} />
    </Page>
  );
}

const columnsFor = (slug: string): Column<Snapshot>[] => [
  {
    name: t`Snapshot`,
    cell: (snapshot) => (
      <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(snapshot.id) }}>
        {snapshot.id} · {snapshot.name || SNAPSHOT_KINDS_IN_TEXT[snapshot.kind]}
      </Link>
    ),
  },
  { name: t`Kind`, cell: (snapshot) => SNAPSHOT_KINDS_IN_TEXT[snapshot.kind] },
  {
    name: t`Rows`,
    cell: (snapshot) =>
      Object.entries(snapshot.num_rows)
        .map(([split, n]) => `${count(n)} ${splitInText(split)}`)
        .join(" · ") || <Quiet><Trans>none</Trans></Quiet>,
  },
  { name: t`Digest`, cell: (snapshot) => <span className="mono">{snapshot.digest.slice(0, 12)}</span> },
  { name: t`Frozen`, cell: (snapshot) => <Ago at={snapshot.created_at} /> },
  { name: t`By`, cell: (snapshot) => snapshot.created_by ?? <Quiet><Trans>a round</Trans></Quiet> },
];
