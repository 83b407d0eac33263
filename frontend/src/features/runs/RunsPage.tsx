import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Select } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { isActive, runsQuery } from "@/api/runs";
import type { Run } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { StateMark } from "@/components/StateMark";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { duration, percent, secondsBetween } from "@/lib/format";
import { keyFigure } from "@/lib/keyFigure";
import { apart } from "@/lib/language";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";
import { KIND_NAMES, KINDS, STATES } from "@/lib/runKinds";
import { useCommands } from "@/lib/useCommands";
import { useNow } from "@/lib/useNow";

import { LaunchRun } from "./LaunchRun";

export function RunsPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/runs" });
  const { kind, state, launch } = useSearch({ from: "/signedIn/p/$slug/runs" });
  const navigate = useNavigate({ from: "/p/$slug/runs" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const filter = { ...(kind ? { kind } : {}), ...(state ? { state } : {}) };
  const runs = useInfiniteQuery({ ...runsQuery(slug, filter), refetchInterval: polling });
  const rows = runs.data?.pages.flatMap((page) => page.results) ?? [];
  const mayLaunch = may(project, "run.launch");
  const open = () => void navigate({ search: (old) => ({ ...old, launch: "sft" }) });
  useCommands([
    { id: "launch-run", label: t`Launch a run`, group: t`Runs`, keys: ["n"], enabled: mayLaunch, perform: open },
  ]);
  const filtered = kind !== undefined || state !== undefined;
  return (
    <Page
      title={t`Runs`}
      lead={t`Every training, sampling and evaluation of this project.`}
      actions={mayLaunch ? <Button onClick={open}><Trans>Launch a run</Trans></Button> : undefined}
    >
      <Group gap="xs" mb="md">
        <Select
          aria-label={t`Kind`}
          placeholder={t`Every kind`}
          clearable
          w={170}
          data={KINDS.map((value) => ({ value, label: KIND_NAMES[value] }))}
          value={kind ?? null}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, kind: KINDS.find((one) => one === value) }) })}
        />
        <Select
          aria-label={t`State`}
          placeholder={t`Every state`}
          clearable
          w={170}
          data={STATES}
          value={state ?? null}
          onChange={(value) =>
            void navigate({ search: (old) => ({ ...old, state: STATES.find((one) => one === value) }) })
          }
        />
      </Group>
      {runs.isPending ? (
        <TableSkeleton columns={7} />
      ) : runs.isError && rows.length === 0 ? (
        <Failure what={t`The runs could not be read.`} error={runs.error} retry={() => void runs.refetch()} />
      ) : rows.length === 0 ? (
        <Empty
          title={filtered ? t`No run matches.` : t`Nothing has run yet.`}
          actions={
            filtered ? (
              <Button variant="default" onClick={() => void navigate({ search: {} })}>
                <Trans>Show every run</Trans>
              </Button>
            ) : mayLaunch ? (
              <Button onClick={open}><Trans>Launch a run</Trans></Button>
            ) : undefined
          }
        >
          {filtered ? t`Choose another kind or state.` : t`A round launches runs by itself; you can also launch one alone.`}
        </Empty>
      ) : (
        <Table
          label={t`Runs`}
          columns={columnsFor(slug)}
          rows={rows}
          keyOf={(run) => run.id}
          footer={
            runs.hasNextPage ? (
              <Button variant="subtle" size="xs" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
                <Trans>Show older runs</Trans>
              </Button>
            ) : undefined
          }
        />
      )}
      <LaunchRun
        project={project}
        kind={launch ?? null}
        onKind={(next) => void navigate({ search: (old) => ({ ...old, launch: next }), replace: true })}
        onClose={() => void navigate({ search: (old) => ({ ...old, launch: undefined }) })}
      />
    </Page>
  );
}

const columnsFor = (slug: string): Column<Run>[] => [
  {
    name: t`Run`,
    cell: (run) => (
      <Link to="/p/$slug/runs/$runId" params={{ slug, runId: String(run.id) }}>
        {run.id} · {KIND_NAMES[run.kind]}
      </Link>
    ),
  },
  { name: t`State`, cell: (run) => <RunState run={run} /> },
  { name: t`Model`, cell: (run) => <span className="mono">{typeof run.spec.model === "string" ? run.spec.model : "–"}</span> },
  { name: t`Result`, wrap: true, cell: (run) => <Result run={run} /> },
  {
    name: t`Round`,
    cell: (run) =>
      run.round ? (
        <Link to="/p/$slug/rounds/$number" params={{ slug, number: String(run.round.number) }}>
          {run.round.number}
        </Link>
      ) : (
        <Quiet>–</Quiet>
      ),
  },
  { name: t`Started`, cell: (run) => (run.started_at ? <Ago at={run.started_at} /> : <Quiet><Trans>not yet</Trans></Quiet>) },
  { name: t`Took`, number: true, cell: (run) => <Took run={run} /> },
];

function RunState({ run }: { run: Run }) {
  const share = run.state === "running" && run.num_steps ? percent(run.step / run.num_steps, 0) : "";
  return share ? <StateMark state={run.state} word={t`Running ${share}`} /> : <StateMark state={run.state} />;
}

function Result({ run }: { run: Run }) {
  if (run.state === "failed") return <Quiet>{apart(shorten(run.error))}</Quiet>;
  const figure = keyFigure(run);
  if (run.produced_model) {
    return (
      <>
        <span className="mono">{run.produced_model.ref}</span> <Quiet>{figure}</Quiet>
      </>
    );
  }
  return figure ? figure : <Quiet>–</Quiet>;
}

function Took({ run }: { run: Run }) {
  const now = useNow(isActive(run.state) ? 5_000 : 3_600_000);
  if (!run.started_at) return <Quiet>–</Quiet>;
  return duration(secondsBetween(run.started_at, run.finished_at ?? now));
}

const shorten = (sentence: string): string => (sentence.length > 80 ? `${sentence.slice(0, 78)}…` : sentence);
