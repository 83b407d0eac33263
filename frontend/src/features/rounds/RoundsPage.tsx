import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { roundsQuery } from "@/api/rounds";
import type { Round } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { IntervalText } from "@/components/IntervalText";
import { usePolling } from "@/lib/live";
import { headline, JUDGES } from "@/lib/loop";
import { may } from "@/lib/permissions";
import { useCommands } from "@/lib/useCommands";

import { LaunchRound } from "./LaunchRound";
import { RoundHistory } from "./RoundHistory";
import { methodOf } from "./steps";

export function RoundsPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/rounds" });
  const { launch } = useSearch({ from: "/signedIn/p/$slug/rounds" });
  const navigate = useNavigate({ from: "/p/$slug/rounds" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const rounds = useQuery({ ...roundsQuery(slug), refetchInterval: polling });
  const rows = rounds.data?.results ?? [];
  const running = rows.find((round) => round.state === "running");
  const mayLaunch = may(project, "round.launch");
  const open = () => void navigate({ search: { launch: true } });
  useCommands([
    { id: "launch-round", label: t`Launch a round`, group: t`Rounds`, keys: ["n"], enabled: mayLaunch && !running, perform: open },
  ]);
  return (
    <Page
      title={t`Rounds`}
      lead={t`Sample, label, snapshot, reward, policy, evaluate: a round runs them by itself and waits for people where it must.`}
      actions={
        mayLaunch ? (
          <Button onClick={open} disabled={running !== undefined} title={running ? t`Round ${running.number} is running.` : undefined}>
            <Trans>Launch a round</Trans>
          </Button>
        ) : undefined
      }
    >
      {rounds.isPending ? (
        <TableSkeleton columns={6} />
      ) : rounds.isError && rows.length === 0 ? (
        <Failure what={t`The rounds could not be read.`} error={rounds.error} retry={() => void rounds.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title={t`No round yet.`} actions={mayLaunch ? <Button onClick={open}><Trans>Launch the first round</Trans></Button> : undefined}>
          <Trans>A round takes a policy, gathers judgments of what it says, trains on them, and tells whether it got better.</Trans>
        </Empty>
      ) : (
        <div style={{ display: "grid", gap: 24 }}>
          <Panel title={t`Win rate by round`}>
            <RoundHistory rounds={rows} />
          </Panel>
          <Table label={t`Rounds`} columns={columnsFor(slug)} rows={rows} keyOf={(round) => round.id} />
        </div>
      )}
      <LaunchRound project={project} opened={launch === true && mayLaunch} onClose={() => void navigate({ search: {} })} />
    </Page>
  );
}

const columnsFor = (slug: string): Column<Round>[] => [
  {
    name: t`Round`,
    cell: (round) => (
      <Link to="/p/$slug/rounds/$number" params={{ slug, number: String(round.number) }}>
        <Trans>Round {round.number}</Trans>
      </Link>
    ),
  },
  { name: t`State`, cell: (round) => <StateMark state={round.state} /> },
  { name: t`Method`, cell: (round) => methodOf(round) },
  {
    name: t`Policy`,
    cell: (round) => (
      <span className="mono">
        {round.policy_in.ref}
        {round.policy_out ? ` → ${round.policy_out.ref}` : ""}
      </span>
    ),
  },
  {
    name: t`Win rate`,
    wrap: true,
    cell: (round) => {
      const result = headline(round);
      return result ? (
        <>
          <IntervalText value={result.sample} />{" "}
          <Quiet>
            <Trans>against {result.baseline}, {JUDGES[result.judge]}</Trans>
          </Quiet>
        </>
      ) : (
        <Quiet>–</Quiet>
      );
    },
  },
  { name: t`Began`, cell: (round) => <Ago at={round.created_at} /> },
];
