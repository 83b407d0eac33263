import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { decideHolds, holdsQuery, readHolds, type HoldFilter } from "@/api/holds";
import { everyRow } from "@/api/paging";
import { projectQuery } from "@/api/projects";
import type { Hold } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { FilterSelect } from "@/components/FilterSelect";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import { GateSettings } from "./GateSettings";
import classes from "./Held.module.css";
import { HOLD_STATES, RULE_WORDS, RULES } from "./holdWords";

/** Tasks the leak gate kept out of the queue, and why. */
export function HeldPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/held" });
  const { state, rule } = useSearch({ from: "/signedIn/p/$slug/held" });
  const navigate = useNavigate({ from: "/p/$slug/held" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const manages = may(project, "queue.manage");
  const filter: HoldFilter = { ...(state ? { state } : {}), ...(rule ? { rule } : {}) };
  const holds = useInfiniteQuery(holdsQuery(slug, filter));
  const search = (next: HoldFilter) => {
    setChosen(new Set());
    void navigate({ search: (old) => ({ ...old, ...next }) });
  };
  const decides = manages && (state === undefined || state === "held");
  return (
    <Page
      title={t`Held back`}
      lead={t`A response that names its model, carries an error or breaks off would tell what wrote it. Its task waits here until somebody has looked.`}
    >
      <div className={classes.columns}>
        <section aria-label={t`Held back`}>
          <Group gap="xs" mb="md">
            <FilterSelect
              label={t`State`}
              every={t`To decide`}
              width={150}
              options={HOLD_STATES}
              value={state === "held" ? undefined : state}
              onChange={(next) => search({ state: next })}
            />
            <FilterSelect label={t`Reason`} every={t`Every reason`} width={200} options={RULES} value={rule} onChange={(next) => search({ rule: next })} />
            <span className={classes.spacer} />
            <DownloadCsv name="held-back" columns={CSV} rows={() => everyRow(readHolds(slug, filter))} />
          </Group>
          <Listing
            query={holds}
            failed={t`What is held back could not be read.`}
            columns={4}
            empty={
              <Empty
                title={state || rule ? t`None of these.` : t`Nothing is held back.`}
                actions={
                  state || rule ? (
                    <Button variant="default" onClick={() => search({ state: undefined, rule: undefined })}>
                      <Trans>Show what is to decide</Trans>
                    </Button>
                  ) : undefined
                }
              >
                {state || rule ? t`Choose another state or reason.` : t`Imports and samples are looked through as they come; what would tell who wrote it stops here.`}
              </Empty>
            }
          >
            {(rows, more) => (
              <>
                {decides ? <Bar slug={slug} rows={rows} chosen={chosen} onChosen={setChosen} /> : null}
                <Table
                  label={t`Tasks held back`}
                  columns={[...(decides ? [chooser(rows, chosen, setChosen)] : []), ...columnsFor(slug, decides)]}
                  rows={rows}
                  keyOf={(hold) => hold.id}
                  footer={more}
                />
              </>
            )}
          </Listing>
        </section>
        <GateSettings slug={slug} manages={manages} />
      </div>
    </Page>
  );
}

interface BarProps {
  slug: string;
  rows: readonly Hold[];
  chosen: ReadonlySet<number>;
  onChosen: (tasks: ReadonlySet<number>) => void;
}

function Bar({ slug, rows, chosen, onChosen }: BarProps) {
  const tasks = rows.map(({ task }) => task).filter((task) => chosen.has(task));
  const decide = useAct((release: boolean) => decideHolds(slug, tasks, release), {
    stale: [
      ["project", slug, "tasks"],
      ["project", slug, "counts"],
    ],
    failed: t`Not decided`,
    done: ({ changed }, release) => {
      onChosen(new Set());
      notifications.show({ message: decided(changed, release) });
    },
  });
  return (
    <Group gap="xs" mb="sm">
      <span className={classes.count} role="status">
        {tasks.length ? plural(tasks.length, { one: "# task chosen", other: "# tasks chosen" }) : t`Choose tasks to decide on them.`}
      </span>
      <Button size="xs" disabled={tasks.length === 0} loading={decide.isPending && decide.variables} onClick={() => decide.mutate(true)}>
        <Trans>Release</Trans>
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={tasks.length === 0}
        loading={decide.isPending && !decide.variables}
        onClick={() => decide.mutate(false)}
      >
        <Trans>Reject for good</Trans>
      </Button>
    </Group>
  );
}

const decided = (changed: number, release: boolean): string =>
  release
    ? plural(changed, { one: "# task released into the queue.", other: "# tasks released into the queue." })
    : plural(changed, { one: "# task rejected.", other: "# tasks rejected." });

function chooser(rows: readonly Hold[], chosen: ReadonlySet<number>, choose: (tasks: ReadonlySet<number>) => void): Column<Hold> {
  const all = rows.every(({ task }) => chosen.has(task));
  return {
    name: t`Choose`,
    head: (
      <Checkbox
        size="xs"
        aria-label={t`Choose everything shown`}
        checked={all}
        indeterminate={!all && chosen.size > 0}
        onChange={() => choose(all ? new Set() : new Set(rows.map(({ task }) => task)))}
      />
    ),
    cell: ({ task }) => (
      <Checkbox
        size="xs"
        aria-label={t`Choose task ${task}`}
        checked={chosen.has(task)}
        onChange={() => {
          const next = new Set(chosen);
          if (!next.delete(task)) next.add(task);
          choose(next);
        }}
      />
    ),
  };
}

const columnsFor = (slug: string, toDecide: boolean): Column<Hold>[] => [
  {
    name: t`Task`,
    cell: (hold) => (
      <Link to="/p/$slug/queue" params={{ slug }} search={{ task: hold.task }}>
        <Trans>Task {hold.task}</Trans>
      </Link>
    ),
  },
  {
    name: t`Why`,
    wrap: true,
    cell: (hold) => (
      <ul className={classes.findings}>
        {hold.findings.map(({ rule, excerpt }, at) => (
          <li key={at}>
            {RULE_WORDS[rule]} {excerpt ? <q dir="auto">{excerpt}</q> : null}
          </li>
        ))}
      </ul>
    ),
  },
  { name: t`Came with`, cell: (hold) => <Quiet><bdi>{hold.batch}</bdi></Quiet> },
  { name: t`Since`, cell: (hold) => (hold.created_at ? <Ago at={hold.created_at} /> : null) },
  ...(toDecide
    ? []
    : [
        {
          name: t`Decided`,
          cell: (hold: Hold) => (
            <>
              {hold.decided_by} <Quiet>{hold.decided_at ? <Ago at={hold.decided_at} /> : null}</Quiet>
            </>
          ),
        },
      ]),
];

const CSV: CsvColumn<Hold>[] = [
  ["task", (hold) => hold.task],
  ["state", (hold) => hold.state],
  ["rules", (hold) => hold.findings.map(({ rule }) => rule).join(" ")],
  ["excerpts", (hold) => hold.findings.map(({ excerpt }) => excerpt).join(" | ")],
  ["batch", (hold) => hold.batch],
  ["created_at", (hold) => hold.created_at],
  ["decided_by", (hold) => hold.decided_by],
  ["decided_at", (hold) => hold.decided_at],
];
