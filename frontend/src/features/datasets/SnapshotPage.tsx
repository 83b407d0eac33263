import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { ApiError } from "@/api/client";
import { snapshotQuery } from "@/api/datasets";
import type { Snapshot } from "@/api/types";
import { Ago } from "@/components/Ago";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { bytes, count } from "@/lib/format";
import { SNAPSHOT_KINDS_IN_TEXT, splitInText } from "@/lib/names";

import { SnapshotRows } from "./SnapshotRows";

export function SnapshotPage() {
  const { slug, snapshotId } = useParams({ from: "/signedIn/p/$slug/datasets/$snapshotId" });
  const id = Number(snapshotId);
  const snapshot = useQuery({ ...snapshotQuery(id), enabled: Number.isInteger(id) });
  if (snapshot.data) return <SnapshotView snapshot={snapshot.data} />;
  const missing = !Number.isInteger(id) || (snapshot.error instanceof ApiError && snapshot.error.status === 404);
  return (
    <Page title={t`Snapshot ${snapshotId}`}>
      {missing ? (
        <Empty
          title={t`There is no such snapshot here.`}
          actions={
            <LinkButton to="/p/$slug/datasets" params={{ slug }} variant="default">
              <Trans>Show every snapshot</Trans>
            </LinkButton>
          }
        >
          <Trans>The address may be mistyped, or it belongs to another project.</Trans>
        </Empty>
      ) : snapshot.isError ? (
        <Failure what={t`The snapshot could not be read.`} error={snapshot.error} retry={() => void snapshot.refetch()} />
      ) : (
        <TableSkeleton columns={3} />
      )}
    </Page>
  );
}

function SnapshotView({ snapshot }: { snapshot: Snapshot }) {
  const size = snapshot.files.reduce((total, file) => total + file.size, 0);
  return (
    <Page
      title={snapshot.name || t`Snapshot ${snapshot.id}`}
      tab={t`Snapshot ${snapshot.id}`}
      lead={t`Frozen ${SNAPSHOT_KINDS_IN_TEXT[snapshot.kind]}.`}
    >
      <div style={{ display: "grid", gap: 24 }}>
        <Panel>
          <Stats>
            {Object.entries(snapshot.num_rows).map(([split, n]) => (
              <Stat key={split} name={t`${splitInText(split)} rows`} value={count(n)} />
            ))}
            <Stat name={t`Size`} value={bytes(size)} note={plural(snapshot.files.length, { one: "# files", other: "# files" })} />
            <Stat name={t`Frozen`} value={<Ago at={snapshot.created_at} />} note={snapshot.created_by ?? t`by a round`} />
            <Stat name={t`Digest`} value={<span className="mono">{snapshot.digest.slice(0, 12)}</span>} note={t`of its rows`} />
          </Stats>
        </Panel>
        <SnapshotRows snapshot={snapshot} />
      </div>
    </Page>
  );
}
