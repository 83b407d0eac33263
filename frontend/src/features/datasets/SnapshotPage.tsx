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

import { SnapshotRows } from "./SnapshotRows";

export function SnapshotPage() {
  const { slug, snapshotId } = useParams({ from: "/signedIn/p/$slug/datasets/$snapshotId" });
  const id = Number(snapshotId);
  const snapshot = useQuery({ ...snapshotQuery(id), enabled: Number.isInteger(id) });
  if (snapshot.data) return <SnapshotView snapshot={snapshot.data} />;
  const missing = !Number.isInteger(id) || (snapshot.error instanceof ApiError && snapshot.error.status === 404);
  return (
    <Page title={`Snapshot ${snapshotId}`}>
      {missing ? (
        <Empty
          title="There is no such snapshot here."
          actions={
            <LinkButton to="/p/$slug/datasets" params={{ slug }} variant="default">
              Show every snapshot
            </LinkButton>
          }
        >
          The address may be mistyped, or it belongs to another project.
        </Empty>
      ) : snapshot.isError ? (
        <Failure what="The snapshot could not be read." error={snapshot.error} retry={() => void snapshot.refetch()} />
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
      title={snapshot.name || `Snapshot ${snapshot.id}`}
      tab={`Snapshot ${snapshot.id}`}
      lead={`Frozen ${snapshot.kind}.`}
    >
      <div style={{ display: "grid", gap: 24 }}>
        <Panel>
          <Stats>
            {Object.entries(snapshot.num_rows).map(([split, n]) => (
              <Stat key={split} name={`${split} rows`} value={count(n)} />
            ))}
            <Stat name="Size" value={bytes(size)} note={`${snapshot.files.length} files`} />
            <Stat name="Frozen" value={<Ago at={snapshot.created_at} />} note={snapshot.created_by ?? "by a round"} />
            <Stat name="Digest" value={<span className="mono">{snapshot.digest.slice(0, 12)}</span>} note="of its rows" />
          </Stats>
        </Panel>
        <SnapshotRows snapshot={snapshot} />
      </div>
    </Page>
  );
}
