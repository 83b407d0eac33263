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
import { count, plural } from "@/lib/format";
import { may } from "@/lib/permissions";
import { ARM_OPTIONS, ARM_WORDS, asked, clip } from "@/lib/words";

import { ChangeTasks } from "./ChangeTasks";
import classes from "./Queue.module.css";

const STATES: { value: SlotState; label: string }[] = [
  { value: "open", label: "Waiting" },
  { value: "leased", label: "In hand" },
  { value: "done", label: "Judged" },
];
const ORDERS = [{ value: "oldest" as const, label: "Oldest first" }];

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
        Tasks
      </h2>
      <Group gap="xs" mb="md" align="center">
        <FilterSelect label="Arm" every="Every arm" options={ARM_OPTIONS} value={arm} onChange={(next) => search({ arm: next })} />
        <FilterSelect label="State" every="Every state" options={STATES} value={state} onChange={(next) => search({ state: next })} />
        <FilterSelect
          label="Order"
          every="Newest first"
          options={ORDERS}
          value={order}
          onChange={(next) => search({ order: next })}
        />
        <span className={classes.spacer} />
        {manages ? (
          <Button variant="default" size="xs" disabled={chosen.size === 0} onClick={() => setChanging(true)}>
            {chosen.size ? `Change ${plural(chosen.size, "task")}` : "Change tasks"}
          </Button>
        ) : null}
        <DownloadCsv name="tasks" columns={CSV} rows={() => everyRow(readTasks(slug, filter))} />
      </Group>
      <Listing
        query={tasks}
        failed="The tasks could not be read."
        columns={8}
        empty={
          <Empty
            title={filtered ? "No task matches." : "There are no tasks yet."}
            actions={
              filtered ? (
                <Button variant="default" onClick={() => search({ arm: undefined, state: undefined })}>
                  Show every task
                </Button>
              ) : may(project, "import.run") ? (
                <LinkButton to="/p/$slug/import" params={{ slug }}>
                  Import prompts and responses
                </LinkButton>
              ) : undefined
            }
          >
            {filtered ? "Choose another arm or state." : "Tasks come from imports, and from rounds that sample a model."}
          </Empty>
        }
      >
        {(rows, more) => (
          <Table
            label="Tasks in the queue"
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
    name: "Choose",
    head: (
      <Checkbox
        size="xs"
        aria-label="Choose every task shown"
        checked={all}
        indeterminate={!all && chosen.size > 0}
        onChange={() => choose(all ? new Set() : new Set(rows.map((task) => task.id)))}
      />
    ),
    cell: (task) => (
      <Checkbox size="xs" aria-label={`Choose task ${task.id}`} checked={chosen.has(task.id)} onChange={() => toggle(task.id)} />
    ),
  };
}

/** Asked of everybody now and then: it has no number of judgments to reach. */
const isGold = (task: Task) => task.arm === "gold";

const columnsFor = (slug: string): Column<Task>[] => [
  {
    name: "Task",
    cell: (task) => (
      <Link from="/p/$slug/queue" to="/p/$slug/queue" params={{ slug }} search={(old) => ({ ...old, task: task.id })} resetScroll={false}>
        {task.id}
      </Link>
    ),
  },
  { name: "Prompt", wrap: true, cell: (task) => <span dir="auto">{clip(asked(task.prompt_messages), 90)}</span> },
  { name: "Arm", cell: (task) => (task.arm ? ARM_WORDS[task.arm] : null) },
  { name: "Responses", number: true, cell: (task) => (task.kind === "demonstrate" ? "to write" : count(task.num_responses)) },
  { name: "Priority", number: true, cell: (task) => count(task.priority ?? 0) },
  { name: "Wanted", number: true, cell: (task) => (isGold(task) ? <Quiet>–</Quiet> : count(task.slots_open)) },
  { name: "In hand", number: true, cell: (task) => count(task.slots_leased) },
  { name: "Done", number: true, cell: (task) => (isGold(task) ? <Quiet>at the gold rate</Quiet> : `${count(task.slots_done)} of ${count(task.overlap ?? 0)}`) },
  { name: "Since", cell: (task) => (task.created_at ? <Ago at={task.created_at} /> : null) },
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
