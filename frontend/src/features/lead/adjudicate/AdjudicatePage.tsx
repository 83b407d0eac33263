import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { adjudicationsQuery, readAdjudications } from "@/api/adjudications";
import { everyRow } from "@/api/paging";
import { projectQuery } from "@/api/projects";
import type { Adjudication } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { FilterSelect } from "@/components/FilterSelect";
import { LinkButton } from "@/components/LinkButton";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import type { JudgingDesk } from "@/lib/judging";
import { apart } from "@/lib/language";
import { usePolling } from "@/lib/live";
import { asked, clip } from "@/lib/words";

import { Decide } from "./Decide";

const STATES = [
  { value: "open" as const, get label() { return t`To decide`; } },
  { value: "decided" as const, get label() { return t`Decided`; } },
];

/** Tasks that people part over: what each said, side by side, and the answer that counts. */
export function AdjudicatePage({ Desk }: { Desk: JudgingDesk }) {
  const { slug } = useParams({ from: "/signedIn/p/$slug/adjudicate" });
  const { state, id } = useSearch({ from: "/signedIn/p/$slug/adjudicate" });
  const navigate = useNavigate({ from: "/p/$slug/adjudicate" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const filter = state ? { state } : {};
  const list = useInfiniteQuery({ ...adjudicationsQuery(slug, filter), refetchInterval: id === undefined ? polling : false });
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  if (id !== undefined) {
    const next = rows.find((row) => !row.is_decided && row.id !== id);
    return (
      <Decide
        key={id}
        project={project}
        id={id}
        Desk={Desk}
        onDone={() => void navigate({ search: (old) => ({ ...old, id: next?.id }) })}
      />
    );
  }
  const first = rows.find((row) => !row.is_decided);
  return (
    <Page
      title={t`Adjudicate`}
      lead={t`Tasks that people part over. Your decision becomes the task's answer; what they said stays.`}
      actions={
        first ? (
          <LinkButton from="/p/$slug/adjudicate" to="/p/$slug/adjudicate" params={{ slug }} search={(old) => ({ ...old, id: first.id })}>
            <Trans>Decide the next one</Trans>
          </LinkButton>
        ) : undefined
      }
    >
      <Group gap="xs" mb="md" justify="space-between">
        <FilterSelect
          label={t`State`}
          every={t`Every state`}
          options={STATES}
          value={state}
          onChange={(next) => void navigate({ search: (old) => ({ ...old, state: next }) })}
        />
        <DownloadCsv name="adjudications" columns={CSV} rows={() => everyRow(readAdjudications(slug, filter))} />
      </Group>
      <Listing
        query={list}
        failed={t`The adjudications could not be read.`}
        columns={4}
        empty={
          <Empty
            title={state ? t`None in this state.` : t`Nothing to decide.`}
            actions={
              state ? (
                <Button variant="default" onClick={() => void navigate({ search: {} })}>
                  <Trans>Show every state</Trans>
                </Button>
              ) : (
                <LinkButton variant="default" to="/p/$slug/quality" params={{ slug }} search={{ tab: "rules" }}>
                  <Trans>See the rules</Trans>
                </LinkButton>
              )
            }
          >
            <Trans>A rule on the agreement of a task sends tasks here; so does a lead, from the task&apos;s own page in the queue.</Trans>
          </Empty>
        }
      >
        {(shown, more) => <Table label={t`Adjudications`} columns={columnsFor(slug)} rows={shown} keyOf={(row) => row.id} footer={more} />}
      </Listing>
    </Page>
  );
}

const columnsFor = (slug: string): Column<Adjudication>[] => [
  {
    name: t`Task`,
    cell: (row) => (
      <Link from="/p/$slug/adjudicate" to="/p/$slug/adjudicate" params={{ slug }} search={(old) => ({ ...old, id: row.id })}>
        <Trans>Task {row.task}</Trans>
      </Link>
    ),
  },
  { name: t`Prompt`, wrap: true, cell: (row) => <span dir="auto">{clip(asked(row.prompt_messages), 90)}</span> },
  { name: t`Why`, wrap: true, cell: (row) => <Quiet>{apart(row.reason)}</Quiet> },
  { name: t`Sent by`, cell: (row) => row.asked_by ?? <Quiet><Trans>a rule</Trans></Quiet> },
  { name: t`Since`, cell: (row) => <Ago at={row.created_at} /> },
  { name: t`State`, cell: (row) => (row.is_decided ? <Quiet><Trans>Decided</Trans></Quiet> : t`To decide`) },
];

const CSV: CsvColumn<Adjudication>[] = [
  ["id", (row) => row.id],
  ["task", (row) => row.task],
  ["prompt", (row) => asked(row.prompt_messages)],
  ["reason", (row) => row.reason],
  ["sent_by", (row) => row.asked_by],
  ["is_decided", (row) => row.is_decided],
  ["created_at", (row) => row.created_at],
];
