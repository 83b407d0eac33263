import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { ApiError } from "@/api/client";
import { useRunLive } from "@/api/live";
import { projectQuery } from "@/api/projects";
import { isActive, runQuery } from "@/api/runs";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { LinkButton } from "@/components/LinkButton";

import { RunView } from "./RunView";

// While a run moves, ask now and then even when the socket is up: messages may be lost.
const LIVE_MS = 15_000;
const FALLBACK_MS = 3_000;

export function RunPage() {
  const { slug, runId } = useParams({ from: "/signedIn/p/$slug/runs/$runId" });
  const id = Number(runId);
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const live = useRunLive(Number.isInteger(id) ? id : null);
  const everyMs = live === "open" ? LIVE_MS : FALLBACK_MS;
  const run = useQuery({
    ...runQuery(id),
    enabled: Number.isInteger(id),
    refetchInterval: (query) => (query.state.data && isActive(query.state.data.state) ? everyMs : false),
  });
  if (run.data) return <RunView project={project} run={run.data} everyMs={everyMs} />;
  const missing = !Number.isInteger(id) || (run.error instanceof ApiError && run.error.status === 404);
  return (
    <Page title={t`Run ${runId}`}>
      {missing ? (
        <Empty
          title={t`There is no such run here.`}
          actions={
            <LinkButton to="/p/$slug/runs" params={{ slug }} variant="default">
              <Trans>Show every run</Trans>
            </LinkButton>
          }
        >
          <Trans>The address may be mistyped, or the run belongs to another project.</Trans>
        </Empty>
      ) : run.isError ? (
        <Failure what={t`The run could not be read.`} error={run.error} retry={() => void run.refetch()} />
      ) : (
        <TableSkeleton columns={3} rows={6} />
      )}
    </Page>
  );
}
