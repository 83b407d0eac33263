import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Group } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { everyRow } from "@/api/paging";
import { readTasks, tasksQuery, type TaskFilter } from "@/api/tasks";
import type { Project, SlotState, Task } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { FilterSelect } from "@/components/FilterSelect";
import { LinkButton } from "@/components/LinkButton";
import { Listing } from "@/components/Listing";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { ARM_OPTIONS, ARM_WORDS, asked, clip } from "@/lib/words";

import { ChangeTasks } from "./ChangeTasks";
import classes from "./Queue.module.css";

const STATES: { value: SlotState; label: string }[] = [
  { value: "open", get label() { return t`Waiting`; } },
  { value: "leased", get label() { return t`In hand`; } },
  { value: "done", get label() { return t`Judged`; } },
];
const ORDERS = [{ value: "oldest" as const, get label() { return t`Oldest first`; } }];

export function Tasks({ project, manages }: { project: Project; manages: boolean }) {
  const { slug } = project;
  const shown = useSearch({ from: "/signedIn/p/$slug/queue" });
  const { arm, state, order } = shown;
  const navigate = useNavigate({ from: "/p/$slug/queue" });
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [changing, setChanging] = useState(false);
  const filter: TaskFilter = { ...(arm ? { arm } : {}), ...(state ? { state } : {}), ...(order ? { order } : {}) };
  const tasks = useInfiniteQuery(tasksQuery(slug, filter));
  const filtered = arm !== undefined || state !== undefined;
  const search = (next: Partial<typeof shown>) => {
    setChosen(new Set());
    void navigate({ search: (old) => ({ ...old, ...next }), resetScroll: false });
  };
  const toggle = (id: number) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <section aria-labelledby="queue-tasks">
      <h2 id="queue-tasks" className={classes.heading}>
        <Trans>Tasks</Trans>
      </h2>
      <Group gap="xs" mb="md" align="center">
        <FilterSelect label={t`Arm`} every={t`Every arm`} options={ARM_OPTIONS} value={arm} onChange={(next) => search({ arm: next })} />
        <FilterSelect label={t`State`} every={t`Every state`} options={STATES} value={state} onChange={(next) => search({ state: next })} />
        <FilterSelect
          label={t`Order`}
          every={t`Newest first`}
          options={ORDERS}
          value={order}
          onChange={(next) => search({ order: next })}
        />
        <span className={classes.spacer} />
        {manages ? (
          <Button variant="default" size="xs" disabled={chosen.size === 0} onClick={() => setChanging(true)}>
            {chosen.size ? plural(chosen.size, { one: "Change # task", other: "Change # tasks" }) : t`Change tasks`}
          </Button>
        ) : null}
        <DownloadCsv name="tasks" columns={CSV} rows={() => everyRow(readTasks(slug, filter))} />
      </Group>
      <Listing
        query={tasks}
        failed={t`The tasks could not be read.`}
        columns={8}
        empty={
          <Empty
            title={filtered ? t`No task matches.` : t`There are no tasks yet.`}
            actions={
              filtered ? (
                <Button variant="default" onClick={() => search({ arm: undefined, state: undefined })}>
                  <Trans>Show every task</Trans>
                </Button>
              ) : may(project, "import.run") ? (
                <LinkButton to="/p/$slug/import" params={{ slug }}>
                  <Trans>Import prompts and responses</Trans>
                </LinkButton>
              ) : undefined
            }
          >
            {filtered ? t`Choose another arm or state.` : t`Tasks come from imports, and from rounds that sample a model.`}
          </Empty>
        }
      >
        {(rows, more) => (
          <Table
            label={t`Tasks in the queue`}
            columns={[...(manages ? [chooser(rows, chosen, setChosen, toggle)] : []), ...columnsFor(slug)]}
            rows={rows}
            keyOf={(task) => task.id}
            footer={more}
          />
        )}
      </Listing>
      <ChangeTasks
        slug={slug}
        tasks={[...chosen]}
        opened={changing}
        onClose={() => setChanging(false)}
        onDone={() => setChosen(new Set())}
      />
    </section>
  );
}

function chooser(
  rows: readonly Task[],
  chosen: ReadonlySet<number>,
  choose: (ids: ReadonlySet<number>) => void,
  toggle: (id: number) => void,
): Column<Task> {
  const all = rows.every((task) => chosen.has(task.id));
  return {
    name: t`Choose`,
    head: (
      <Checkbox
        size="xs"
        aria-label={t`Choose every task shown`}
        checked={all}
        indeterminate={!all && chosen.size > 0}
        onChange={() => choose(all ? new Set() : new Set(rows.map((task) => task.id)))}
      />
    ),
    cell: (task) => (
      <Checkbox size="xs" aria-label={t`Choose task ${task.id}`} checked={chosen.has(task.id)} onChange={() => toggle(task.id)} />
    ),
  };
}

/** Asked of everybody now and then: it has no number of judgments to reach. */
const isGold = (task: Task) => task.arm === "gold";

const columnsFor = (slug: string): Column<Task>[] => [
  {
    name: t`Task`,
    cell: (task) => (
      <Link from="/p/$slug/queue" to="/p/$slug/queue" params={{ slug }} search={(old) => ({ ...old, task: task.id })} resetScroll={false}>
        {task.id}
      </Link>
    ),
  },
  { name: t`Prompt`, wrap: true, cell: (task) => <span dir="auto">{clip(asked(task.prompt_messages), 90)}</span> },
  { name: t`Arm`, cell: (task) => (task.arm ? ARM_WORDS[task.arm] : null) },
  { name: t`Responses`, number: true, cell: (task) => (task.kind === "demonstrate" ? t`to write` : count(task.num_responses)) },
  { name: t`Priority`, number: true, cell: (task) => count(task.priority ?? 0) },
  { name: t`Wanted`, number: true, cell: (task) => (isGold(task) ? <Quiet>–</Quiet> : count(task.slots_open)) },
  { name: t`In hand`, number: true, cell: (task) => count(task.slots_leased) },
  { name: t`Done`, number: true, cell: (task) => (isGold(task) ? <Quiet><Trans>at the gold rate</Trans></Quiet> : t`${count(task.slots_done)} of ${count(task.overlap ?? 0)}`) },
  { name: t`Since`, cell: (task) => (task.created_at ? <Ago at={task.created_at} /> : null) },
];

const CSV: CsvColumn<Task>[] = [
  ["task", (task) => task.id],
  ["prompt", (task) => asked(task.prompt_messages)],
  ["batch", (task) => task.batch],
  ["kind", (task) => task.kind],
  ["arm", (task) => task.arm],
  ["num_responses", (task) => task.num_responses],
  ["priority", (task) => task.priority],
  ["overlap", (task) => task.overlap],
  ["open", (task) => task.slots_open],
  ["leased", (task) => task.slots_leased],
  ["done", (task) => task.slots_done],
  ["created_at", (task) => task.created_at],
];
