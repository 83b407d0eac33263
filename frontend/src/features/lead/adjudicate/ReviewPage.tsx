import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, NumberInput } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { everyRow } from "@/api/paging";
import { projectQuery } from "@/api/projects";
import { annotatorsQuery, readReviewables, reviewablesQuery, type ReviewFilter } from "@/api/quality";
import type { Reviewable } from "@/api/types";
import { DownloadCsv } from "@/components/DownloadCsv";
import { FilterSelect } from "@/components/FilterSelect";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import type { CsvColumn } from "@/lib/csv";
import { ARM_OPTIONS, asked, ranking } from "@/lib/words";

import classes from "./Adjudicate.module.css";
import { ReviewCard } from "./ReviewCard";
import { letterAt, REVIEW_STATES, saidByPlace } from "./reviews";

/** Judgments one by one, to accept them or send them back. */
export function ReviewPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/review" });
  const search = useSearch({ from: "/signedIn/p/$slug/review" });
  const navigate = useNavigate({ from: "/p/$slug/review" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const annotators = useQuery(annotatorsQuery(slug));
  const { annotator, arm, state, task, sample } = search;
  const filter: ReviewFilter = {
    ...(annotator ? { annotator } : {}),
    ...(arm ? { arm } : {}),
    ...(state ? { state } : {}),
    ...(task ? { task } : {}),
    ...(sample ? { sample_percent: sample } : {}),
  };
  const judgments = useInfiniteQuery(reviewablesQuery(slug, filter));
  const filtered = Object.keys(filter).length > 0;
  const change = (next: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, ...next }) });
  const people = (annotators.data?.annotators ?? []).map((one) => ({ value: String(one.annotator), label: one.name }));
  return (
    <Page
      title={t`Review`}
      lead={t`Accept a judgment, or return it: then it does not count until whoever made it has looked again.`}
    >
      <Group gap="xs" mb="md">
        <FilterSelect
          label={t`Annotator`}
          every={t`Everybody`}
          searchable
          options={people}
          value={annotator === undefined ? undefined : String(annotator)}
          onChange={(next) => change({ annotator: next === undefined ? undefined : Number(next) })}
        />
        <FilterSelect label={t`State`} every={t`Every state`} options={REVIEW_STATES} value={state} onChange={(next) => change({ state: next })} />
        <FilterSelect label={t`Arm`} every={t`Every arm`} options={ARM_OPTIONS} value={arm} onChange={(next) => change({ arm: next })} />
        <NumberInput
          aria-label={t`Task`}
          placeholder={t`Every task`}
          w={120}
          min={1}
          allowDecimal={false}
          hideControls
          value={task ?? ""}
          onChange={(next) => change({ task: typeof next === "number" && next > 0 ? next : undefined })}
        />
        <FilterSelect
          label={t`Sample`}
          every={t`All of them`}
          width={140}
          options={SAMPLES}
          value={sample === undefined ? undefined : (String(sample) as (typeof SAMPLES)[number]["value"])}
          onChange={(next) => change({ sample: next === undefined ? undefined : Number(next) })}
        />
        <span className={classes.spacer} />
        <DownloadCsv name="judgments-to-review" columns={CSV} rows={() => everyRow(readReviewables(slug, filter))} />
      </Group>
      <Listing
        query={judgments}
        failed={t`The judgments could not be read.`}
        columns={3}
        empty={
          <Empty
            title={filtered ? t`No judgment matches.` : t`Nobody has judged yet.`}
            actions={
              filtered ? (
                <Button variant="default" onClick={() => void navigate({ search: {} })}>
                  <Trans>Show every judgment</Trans>
                </Button>
              ) : undefined
            }
          >
            {filtered ? t`Choose other filters.` : t`Judgments stand here as they come, the newest first.`}
          </Empty>
        }
      >
        {(rows, more) => (
          <div className={classes.cards}>
            {rows.map((row) => (
              <ReviewCard key={row.id} slug={slug} protocol={project.protocol} row={row} />
            ))}
            {more}
          </div>
        )}
      </Listing>
    </Page>
  );
}

const SAMPLES = [
  { value: "5" as const, get label() { return t`A fixed 5%`; } },
  { value: "10" as const, get label() { return t`A fixed 10%`; } },
  { value: "25" as const, get label() { return t`A fixed 25%`; } },
];

const CSV: CsvColumn<Reviewable>[] = [
  ["judgment", (row) => row.id],
  ["task", (row) => row.task],
  ["arm", (row) => row.arm],
  ["annotator", (row) => row.annotator_name],
  ["prompt", (row) => asked(row.prompt)],
  ["said", (row) => ranking(saidByPlace(row), letterAt)],
  ["comment", (row) => row.comment],
  ["active_seconds", (row) => row.active_seconds],
  ["state", (row) => row.state],
  ["review_comment", (row) => row.review_comment],
  ["created_at", (row) => row.created_at],
];
