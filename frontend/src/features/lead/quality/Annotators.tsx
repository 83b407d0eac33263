import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Select } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { resumeAnnotator } from "@/api/quality";
import type { AnnotatorFigures, Project } from "@/api/types";
import { DownloadCsv } from "@/components/DownloadCsv";
import { EstimateText } from "@/components/EstimateText";
import { Panel } from "@/components/Panel";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import { Whiskers } from "@/components/Whiskers";
import { estimateColumns, type CsvColumn } from "@/lib/csv";
import { count, percent } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import { MEASURES, sample, scaleFor, type MeasureName } from "./figures";
import { PauseDialog } from "./PauseDialog";
import classes from "./Quality.module.css";

interface Props {
  project: Project;
  rows: readonly AnnotatorFigures[];
}

/** Each person's figures: one of them drawn, all of them in the table. */
export function Annotators({ project, rows }: Props) {
  const [pausing, setPausing] = useState<AnnotatorFigures | null>(null);
  const { measure } = useSearch({ from: "/signedIn/p/$slug/quality" });
  if (rows.length === 0) {
    return (
      <Empty title={t`Nobody has judged yet.`}>
        <Trans>Accuracy on gold, steadiness, habits and pace of each annotator stand here once there are judgments.</Trans>
      </Empty>
    );
  }
  return (
    <div className={classes.stack}>
      <Chart rows={rows} name={measure ?? "gold_accuracy"} />
      <Table
        label={t`Annotators`}
        columns={columnsFor(project, setPausing)}
        rows={measuredFirst(rows)}
        keyOf={(row) => row.annotator}
        footer={<DownloadCsv name="annotators" columns={CSV} rows={() => rows} />}
      />
      <PauseDialog key={pausing?.annotator} slug={project.slug} annotator={pausing} onClose={() => setPausing(null)} />
    </div>
  );
}

/** Imported workers judged elsewhere: most of their figures are unknown. */
function measuredFirst(rows: readonly AnnotatorFigures[]): AnnotatorFigures[] {
  return rows.toSorted((a, b) => Number(b.left_share.n > 0) - Number(a.left_share.n > 0) || a.name.localeCompare(b.name));
}

function Chart({ rows, name }: { rows: readonly AnnotatorFigures[]; name: MeasureName }) {
  const navigate = useNavigate({ from: "/p/$slug/quality" });
  const measure = MEASURES.find((one) => one.name === name) ?? MEASURES[0];
  const drawn = rows
    .map((row) => ({ row, figure: sample(measure.of(row)) }))
    .filter((one): one is { row: AnnotatorFigures; figure: NonNullable<ReturnType<typeof sample>> } => one.figure !== null)
    .sort((a, b) => b.figure.value - a.figure.value);
  const missing = rows.length - drawn.length;
  return (
    <Panel
      title={measure.label}
      actions={
        <Select
          aria-label={t`Figure to draw`}
          w={200}
          size="xs"
          allowDeselect={false}
          data={MEASURES.map(({ name: value, label }) => ({ value, label }))}
          value={measure.name}
          onChange={(next) =>
            void navigate({ search: (old) => ({ ...old, measure: MEASURES.find((one) => one.name === next)?.name }) })
          }
        />
      }
    >
      <p className={classes.says}>{measure.says}</p>
      {drawn.length === 0 ? (
        <p className={classes.says}><Trans>Nobody has enough of these yet: {NEEDS[measure.name]}</Trans></p>
      ) : (
        <Whiskers
          title={measure.label}
          scale={measure.scale ?? scaleFor(drawn.map(({ figure }) => figure), measure.write)}
          rows={drawn.map(({ row, figure }) => ({
            id: String(row.annotator),
            name: row.name,
            ...noteOf(row, measure.name),
            sample: figure,
            colour: "var(--pl-series-0)",
            hollow: row.is_paused,
          }))}
        />
      )}
      {missing && drawn.length ? <p className={classes.foot}>{plural(missing, { one: "# annotator without such figures not drawn.", other: "# annotators without such figures not drawn." })}</p> : null}
    </Panel>
  );
}

const NEEDS: Record<MeasureName, string> = {
  get gold_accuracy() { return t`make some tasks gold, and set how often they are asked.`; },
  get self_consistency() { return t`set how often a task is repeated.`; },
  get left_share() { return t`it needs judgments of pairs that were made here.`; },
  get longer_share() { return t`it needs judgments of pairs that were made here.`; },
  get median_seconds() { return t`it needs judgments that were made here.`; },
  get words_per_second() { return t`it needs judgments that were made here.`; },
  get too_fast_share() { return t`it needs judgments that were made here.`; },
  get reliability() { return t`it needs tasks that several people judged.`; },
};

function noteOf(row: AnnotatorFigures, name: MeasureName): { note?: string } {
  if (row.is_paused) return { note: t`paused` };
  const others = name === "longer_share" ? row.longer_share_of_others : null;
  return others === null ? {} : { note: t`everybody else ${percent(others)}` };
}

function columnsFor(project: Project, onPause: (row: AnnotatorFigures) => void): Column<AnnotatorFigures>[] {
  return [
    {
      name: t`Annotator`,
      cell: (row) =>
        may(project, "judgment.review") ? (
          <Link to="/p/$slug/review" params={{ slug: project.slug }} search={{ annotator: row.annotator }}>
            {row.name}
          </Link>
        ) : (
          row.name
        ),
    },
    {
      name: t`State`,
      cell: (row) => (
        <Group gap={6} wrap="nowrap">
          {row.is_paused ? <span title={row.paused_reason}><Trans>Paused</Trans></span> : <Quiet><Trans>At work</Trans></Quiet>}
          {may(project, "quality.manage") ? <PauseOrResume slug={project.slug} row={row} onPause={() => onPause(row)} /> : null}
        </Group>
      ),
    },
    { name: t`Judgments`, number: true, cell: (row) => count(row.num_judgments) },
    ...MEASURES.map((measure) => ({
      name: measure.label,
      number: true,
      cell: (row: AnnotatorFigures) => <EstimateText of={measure.of(row)} write={measure.write} stacked />,
    })),
  ];
}

function PauseOrResume({ slug, row, onPause }: { slug: string; row: AnnotatorFigures; onPause: () => void }) {
  const resume = useAct(() => resumeAnnotator(slug, row.annotator), {
    stale: [["project", slug, "quality"]],
    failed: t`Not resumed`,
  });
  return row.is_paused ? (
    <Button size="compact-xs" variant="default" loading={resume.isPending} onClick={() => resume.mutate(undefined)} aria-label={t`Resume ${row.name}`}>
      <Trans>Resume</Trans>
    </Button>
  ) : (
    <Button size="compact-xs" variant="subtle" color="gray" onClick={onPause} aria-label={t`Pause ${row.name}`}>
      <Trans>Pause</Trans>
    </Button>
  );
}

const CSV: CsvColumn<AnnotatorFigures>[] = [
  ["annotator", (row) => row.annotator],
  ["name", (row) => row.name],
  ["judgments", (row) => row.num_judgments],
  ...MEASURES.flatMap((measure) => estimateColumns<AnnotatorFigures>(measure.name, measure.of)),
  ["longer_share_of_others", (row) => row.longer_share_of_others],
  ["is_paused", (row) => row.is_paused],
  ["paused_reason", (row) => row.paused_reason],
];
