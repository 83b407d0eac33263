import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Drawer, Group, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { everyRow } from "@/api/paging";
import { projectQuery } from "@/api/projects";
import { queueRulesQuery, readTasks, taskQuery, tasksQuery, type TaskFilter } from "@/api/tasks";
import type { Task } from "@/api/types";
import { DownloadCsv } from "@/components/DownloadCsv";
import { LinkButton } from "@/components/LinkButton";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty, Failure, Note } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { asked, clip, ranking } from "@/lib/words";

import { GoldEditor } from "./GoldEditor";

const same = (letter: string) => letter;

/** Tasks with a known answer, mixed among the others. */
export function GoldPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/gold" });
  const { task, choose } = useSearch({ from: "/signedIn/p/$slug/gold" });
  const navigate = useNavigate({ from: "/p/$slug/gold" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const rules = useQuery(queueRulesQuery(slug));
  const manages = may(project, "queue.manage");
  const filter: TaskFilter = choose ? { state: "open" } : { arm: "gold" };
  const tasks = useInfiniteQuery(tasksQuery(slug, filter));
  const add = manages ? (
    <LinkButton to="/p/$slug/gold" params={{ slug }} search={{ choose: true }}>
      <Trans>Make a task gold</Trans>
    </LinkButton>
  ) : undefined;
  const every = rules.data?.gold_every ?? 0;
  return (
    <Page
      title={choose ? t`Choose a task to make gold` : t`Gold`}
      lead={
        choose
          ? t`Any task that waits. From then on it is asked at the gold rate only.`
          : t`Tasks with a known answer, asked of everybody now and then. Nothing tells annotators which they are.`
      }
      actions={
        choose ? (
          <LinkButton variant="default" to="/p/$slug/gold" params={{ slug }}>
            <Trans>Back to gold</Trans>
          </LinkButton>
        ) : (
          add
        )
      }
    >
      {rules.data && every === 0 && !choose ? (
        <div style={{ marginBottom: 16 }}>
          <Note care>
            <Trans>Gold is never asked now.</Trans>{" "}
            {manages ? (
              <Link to="/p/$slug/queue" params={{ slug }} search={{ settings: true }}>
                <Trans>Set how often</Trans>
              </Link>
            ) : (
              t`A lead sets how often, in the queue's settings.`
            )}
          </Note>
        </div>
      ) : null}
      {choose ? null : (
        <Group justify="space-between" mb="md">
          <Quiet>{every ? plural(every, { one: "One task in # is gold, on average.", other: "One task in # is gold, on average." }) : ""}</Quiet>
          <DownloadCsv name="gold" columns={CSV} rows={() => everyRow(readTasks(slug, filter))} />
        </Group>
      )}
      <Listing
        query={tasks}
        failed={t`The tasks could not be read.`}
        columns={4}
        empty={
          choose ? (
            <Empty title={t`No task waits.`}><Trans>Import prompts with responses first; each becomes a task.</Trans></Empty>
          ) : (
            <Empty title={t`There is no gold yet.`} actions={add}>
              <Trans>Ten to twenty tasks whose answer is beyond doubt show who reads with care.</Trans>
            </Empty>
          )
        }
      >
        {(rows, more) => (
          <Table
            label={choose ? t`Tasks to choose from` : t`Gold tasks`}
            columns={choose ? candidates(slug) : columnsFor(slug)}
            rows={choose ? rows.filter((row) => row.kind === "rank" && row.num_responses > 1) : rows}
            keyOf={(row) => row.id}
            footer={more}
          />
        )}
      </Listing>
      <Drawer
        opened={task !== undefined}
        onClose={() => void navigate({ search: (old) => ({ ...old, task: undefined }), resetScroll: false })}
        size={720}
        title={task === undefined ? "" : t`The answer to task ${task}`}
      >
        {task === undefined ? null : (
          <OneGold key={task} slug={slug} id={task} manages={manages} onDone={() => void navigate({ search: {} })} />
        )}
      </Drawer>
    </Page>
  );
}

function OneGold({ slug, id, manages, onDone }: { slug: string; id: number; manages: boolean; onDone: () => void }) {
  const task = useQuery(taskQuery(slug, id));
  if (task.isPending) return <Skeleton height={320} />;
  if (task.isError) return <Failure what={t`The task could not be read.`} error={task.error} retry={() => void task.refetch()} />;
  return <GoldEditor slug={slug} task={task.data} manages={manages} onDone={onDone} />;
}

const taskLink = (slug: string): Column<Task> => ({
  name: t`Task`,
  cell: (row) => (
    <Link from="/p/$slug/gold" to="/p/$slug/gold" params={{ slug }} search={(old) => ({ ...old, task: row.id })} resetScroll={false}>
      <Trans>Task {row.id}</Trans>
    </Link>
  ),
});

const PROMPT: Column<Task> = {
  get name() { return t`Prompt`; },
  wrap: true,
  cell: (row) => <span dir="auto">{clip(asked(row.prompt_messages), 90)}</span>,
};

const columnsFor = (slug: string): Column<Task>[] => [
  taskLink(slug),
  PROMPT,
  { name: t`Answer`, cell: (row) => <Answer slug={slug} id={row.id} part="answer" /> },
  { name: t`Feedback`, cell: (row) => <Answer slug={slug} id={row.id} part="feedback" /> },
  {
    name: t`Judgments`,
    hidden: true,
    number: true,
    cell: (row) => (
      <LinkButton size="compact-xs" variant="subtle" color="gray" to="/p/$slug/review" params={{ slug }} search={{ task: row.id }} title={t`Judgments of task ${row.id}`}>
        <Trans>Its judgments</Trans>
      </LinkButton>
    ),
  },
];

const candidates = (slug: string): Column<Task>[] => [
  taskLink(slug),
  PROMPT,
  { name: t`Responses`, number: true, cell: (row) => count(row.num_responses) },
  {
    name: t`Actions`,
    hidden: true,
    number: true,
    cell: (row) => (
      <LinkButton size="compact-xs" variant="default" to="/p/$slug/gold" params={{ slug }} search={{ choose: true, task: row.id }} resetScroll={false} aria-label={t`Give the answer to task ${row.id}`}>
        <Trans>Give the answer</Trans>
      </LinkButton>
    ),
  },
];

/** The list of tasks holds no answers; each is read with its task. */
function Answer({ slug, id, part }: { slug: string; id: number; part: "answer" | "feedback" }) {
  const task = useQuery({ ...taskQuery(slug, id), staleTime: 60_000 });
  if (!task.data) return <Quiet>…</Quiet>;
  const { gold } = task.data;
  if (!gold) return <Quiet>{part === "answer" ? t`retired` : "–"}</Quiet>;
  if (part === "feedback") return gold.feedback ? t`shown` : <Quiet><Trans>silent</Trans></Quiet>;
  return <b>{ranking({ tiers: gold.tiers ?? [], verdict: gold.verdict ?? "none", strengths: [] }, same).replaceAll("»", "›")}</b>;
}

const CSV: CsvColumn<Task>[] = [
  ["task", (row) => row.id],
  ["prompt", (row) => asked(row.prompt_messages)],
  ["num_responses", (row) => row.num_responses],
  ["created_at", (row) => row.created_at],
];
