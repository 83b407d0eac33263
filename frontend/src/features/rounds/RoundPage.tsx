import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { roundsQuery } from "@/api/rounds";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { usePolling } from "@/lib/live";

import { RoundView } from "./RoundView";

/** Rounds are known by their number in the project; the list holds them whole. */
export function RoundPage() {
  const { slug, number } = useParams({ from: "/signedIn/p/$slug/rounds/$number" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const rounds = useQuery({ ...roundsQuery(slug), refetchInterval: polling });
  const round = rounds.data?.results.find((one) => String(one.number) === number);
  if (round) return <RoundView project={project} round={round} rounds={rounds.data?.results ?? []} />;
  return (
    <Page title={t`Round ${number}`}>
      {rounds.isPending ? (
        <TableSkeleton columns={6} rows={3} />
      ) : rounds.isError ? (
        <Failure what={t`The round could not be read.`} error={rounds.error} retry={() => void rounds.refetch()} />
      ) : (
        <Empty
          title={t`There is no round ${number} here.`}
          actions={
            <LinkButton to="/p/$slug/rounds" params={{ slug }} variant="default">
              <Trans>Show every round</Trans>
            </LinkButton>
          }
        >
          <Trans>The address may be mistyped.</Trans>
        </Empty>
      )}
    </Page>
  );
}
