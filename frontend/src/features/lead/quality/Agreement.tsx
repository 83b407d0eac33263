import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import { agreementQuery } from "@/api/quality";
import type { AgreementFigure, AgreementPair, AnnotatorFigures } from "@/api/types";
import { DownloadCsv } from "@/components/DownloadCsv";
import { EstimateText } from "@/components/EstimateText";
import { Fold } from "@/components/Fold";
import { Panel } from "@/components/Panel";
import { Empty, Failure } from "@/components/States";
import { Table, TableSkeleton, type Column } from "@/components/Table";
import { Whiskers } from "@/components/Whiskers";
import type { CsvColumn } from "@/lib/csv";
import { count } from "@/lib/format";
import type { Sampled } from "@/lib/shapes";

import { agreementScale, sample, statisticName, two, unitName } from "./figures";
import { Matrix } from "./Matrix";
import classes from "./Quality.module.css";

interface Props {
  slug: string;
  annotators: readonly AnnotatorFigures[];
}

/** How far people say the same of the same task. */
export function Agreement({ slug, annotators }: Props) {
  const agreement = useQuery(agreementQuery(slug));
  if (agreement.isPending) return <TableSkeleton columns={3} />;
  if (agreement.isError) {
    return <Failure what={t`The agreement could not be read.`} error={agreement.error} retry={() => void agreement.refetch()} />;
  }
  const { figures, pairs } = agreement.data;
  const units = [...new Set(figures.map((figure) => figure.unit))];
  if (units.length === 0) {
    return (
      <Empty title={t`Nothing to compare yet.`}>
        <Trans>Agreement is computed once two people have judged the same tasks: ask for more than one judgment of each.</Trans>
      </Empty>
    );
  }
  const nameOf = (id: number) => annotators.find((one) => one.annotator === id)?.name ?? t`Annotator ${id}`;
  return (
    <div className={classes.stack}>
      <p className={classes.says}>
        <Trans>0 is what chance would give, 1 is always the same. Krippendorff’s own advice: rely on 0.80 and more, and draw
        tentative conclusions from 0.67. Intervals are 95%, from resampling whole prompts (bootstrap).</Trans>
      </p>
      {units.map((unit) => (
        <Unit key={unit} unit={unit} figures={figures.filter((figure) => figure.unit === unit)} />
      ))}
      {pairs.length ? (
        <Panel
          title={t`Who agrees with whom`}
          actions={<DownloadCsv name="agreement-pairs" columns={pairCsv(nameOf)} rows={() => pairs} />}
        >
          <p className={classes.says}><Trans>Cohen’s κ of each two annotators on who won each pair; beneath it n, the pairs both judged.</Trans></p>
          <Matrix pairs={pairs} nameOf={nameOf} />
          <div className={classes.below}>
            <Fold title={t`As a list, with intervals`}>
              <Table label={t`Agreement of two`} columns={pairColumns(nameOf)} rows={pairs} keyOf={(pair) => pair.annotators.join("-")} />
            </Fold>
          </div>
        </Panel>
      ) : null}
    </div>
  );
}

function Unit({ unit, figures }: { unit: string; figures: readonly AgreementFigure[] }) {
  const drawn = figures
    .map((figure) => ({ figure, sampled: sample(figure) }))
    .filter((one): one is { figure: AgreementFigure; sampled: Sampled } => one.sampled !== null);
  const [first] = figures;
  return (
    <Panel title={unitName(unit)} actions={<DownloadCsv name={`agreement-${unit.replace(":", "-")}`} columns={FIGURE_CSV} rows={() => figures} />}>
      {first ? (
        <p className={classes.says}>
          <Trans>{count(first.num_clusters)} prompts, {count(first.num_annotators)} annotators.</Trans>
        </p>
      ) : null}
      {drawn.length ? (
        <Whiskers
          title={t`Coefficient`}
          scale={agreementScale(drawn.map(({ sampled }) => sampled))}
          rows={drawn.map(({ figure, sampled }) => ({
            id: `${figure.statistic}-${figure.level}`,
            name: statisticName(figure),
            sample: sampled,
            colour: "var(--pl-series-0)",
          }))}
        />
      ) : (
        <p className={classes.says}><Trans>Nothing to compute it from yet.</Trans></p>
      )}
    </Panel>
  );
}

const FIGURE_CSV: CsvColumn<AgreementFigure>[] = [
  ["unit", (row) => row.unit],
  ["statistic", (row) => row.statistic],
  ["level", (row) => row.level],
  ["value", (row) => row.value],
  ["low", (row) => row.low],
  ["high", (row) => row.high],
  ["n", (row) => row.n],
  ["prompts", (row) => row.num_clusters],
  ["annotators", (row) => row.num_annotators],
  ["method", (row) => row.method],
];

const pairColumns = (nameOf: (id: number) => string): Column<AgreementPair>[] => [
  { name: t`One`, cell: (pair) => nameOf(pair.annotators[0] ?? 0) },
  { name: t`Other`, cell: (pair) => nameOf(pair.annotators[1] ?? 0) },
  { name: t`Cohen's κ`, number: true, cell: (pair) => <EstimateText of={pair} write={two} /> },
];

const pairCsv = (nameOf: (id: number) => string): CsvColumn<AgreementPair>[] => [
  ["one", (pair) => nameOf(pair.annotators[0] ?? 0)],
  ["other", (pair) => nameOf(pair.annotators[1] ?? 0)],
  ["cohen_kappa", (pair) => pair.value],
  ["low", (pair) => pair.low],
  ["high", (pair) => pair.high],
  ["n", (pair) => pair.n],
];
