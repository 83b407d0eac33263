import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { countsQuery, projectQuery } from "@/api/projects";
import { oldestOpenQuery, paceQuery, presenceQuery } from "@/api/tasks";
import type { Counts } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { Failure } from "@/components/States";
import { Table, TableSkeleton, type Column } from "@/components/Table";
import { count } from "@/lib/format";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";
import { ARM_WORDS } from "@/lib/words";

import { Leases } from "./Leases";
import classes from "./Queue.module.css";
import { QueueSettings } from "./QueueSettings";
import { TaskDrawer } from "./TaskDrawer";
import { Tasks } from "./Tasks";

/** What waits, what is in hand, and what comes next. */
export function QueuePage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/queue" });
  const { task, settings } = useSearch({ from: "/signedIn/p/$slug/queue" });
  const navigate = useNavigate({ from: "/p/$slug/queue" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const counts = useQuery({ ...countsQuery(slug), refetchInterval: polling });
  const manages = may(project, "queue.manage");
  return (
    <Page
      title={t`Queue`}
      lead={t`What waits to be judged, who has it in hand, and what comes first.`}
      actions={
        manages ? (
          <Button variant="default" onClick={() => void navigate({ search: (old) => ({ ...old, settings: true }) })}>
            <Trans>Queue settings</Trans>
          </Button>
        ) : undefined
      }
    >
      <div className={classes.stack}>
        {counts.isPending ? (
          <TableSkeleton columns={4} rows={3} />
        ) : counts.isError ? (
          <Failure what={t`The counts could not be read.`} error={counts.error} retry={() => void counts.refetch()} />
        ) : (
          <State slug={slug} counts={counts.data} />
        )}
        <Leases slug={slug} manages={manages} />
        <Tasks project={project} manages={manages} />
      </div>
      <TaskDrawer project={project} id={task ?? null} onClose={() => void navigate({ search: (old) => ({ ...old, task: undefined }) })} />
      <QueueSettings
        project={project}
        opened={settings === true && manages}
        onClose={() => void navigate({ search: (old) => ({ ...old, settings: undefined }) })}
      />
    </Page>
  );
}

type ArmRow = Counts["by_arm"][string] & { arm: string };

function State({ slug, counts }: { slug: string; counts: Counts }) {
  const polling = usePolling();
  const oldest = useQuery({ ...oldestOpenQuery(slug), refetchInterval: polling });
  const pace = useQuery({ ...paceQuery(slug), refetchInterval: polling });
  const presence = useQuery({ ...presenceQuery(slug), refetchInterval: polling });
  const arms: ArmRow[] = Object.entries(counts.by_arm).map(([arm, states]) => ({ arm, ...states }));
  return (
    <Panel>
      <div className={classes.state}>
        <Stats>
          <Stat name={t`Judgments wanted`} value={count(counts.slots_open)} note={plural(counts.tasks, { one: "of # task", other: "of # tasks" })} />
          <Stat name={t`In hand`} value={count(counts.slots_leased)} note={presence.data ? plural(presence.data.num_here, { one: "# person here", other: "# people here" }) : undefined} />
          <Stat name={t`Done`} value={count(counts.slots_done)} note={pace.data ? t`${count(pace.data.last_hour)} in the last hour` : undefined} />
          <Stat
            name={t`Oldest waiting`}
            value={
              oldest.data?.created_at ? (
                <Link from="/p/$slug/queue" to="/p/$slug/queue" params={{ slug }} search={(old) => ({ ...old, task: oldest.data?.id })} className={classes.quietLink}>
                  <Ago at={oldest.data.created_at} />
                </Link>
              ) : (
                "–"
              )
            }
            note={oldest.data ? t`task ${oldest.data.id}` : t`nothing waits`}
          />
          <Stat
            name={t`Time for one`}
            value={pace.data?.median_seconds ? t`${pace.data.median_seconds.toFixed(1)} s` : "–"}
            note={pace.data?.num_timed ? t`median, n = ${count(pace.data.num_timed)}` : t`no time known yet`}
          />
          <Stat
            name={t`Held back`}
            value={
              <Link to="/p/$slug/held" params={{ slug }} className={classes.quietLink}>
                {count(counts.held)}
              </Link>
            }
            note={t`by the leak gate`}
          />
        </Stats>
        {arms.length ? <Table label={t`Judgments by arm`} columns={ARM_COLUMNS} rows={arms} keyOf={(row) => row.arm} /> : null}
      </div>
    </Panel>
  );
}

const ARM_COLUMNS: Column<ArmRow>[] = [
  { get name() { return t`Arm`; }, cell: (row) => ARM_WORDS[row.arm as keyof typeof ARM_WORDS] },
  { get name() { return t`Wanted`; }, number: true, cell: (row) => count(row.open) },
  { get name() { return t`In hand`; }, number: true, cell: (row) => count(row.leased) },
  { get name() { return t`Done`; }, number: true, cell: (row) => count(row.done) },
];
