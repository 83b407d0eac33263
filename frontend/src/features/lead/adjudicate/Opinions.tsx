import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";

import type { AdjudicationOpened, Opinion } from "@/api/types";
import { Quiet, Table, type Column } from "@/components/Table";
import { isRecord } from "@/lib/shapes";
import { ranking, rankingAloud } from "@/lib/words";

/** What each person said, under numbers: whose it is stays unknown. */
export function Opinions({ opened }: { opened: AdjudicationOpened }) {
  const { protocol, responses } = opened.assignment;
  const name = (key: string) => String.fromCharCode(65 + responses.findIndex((response) => response.key === key));
  const reasons = new Map(protocol.reasons.choices.map((choice) => [choice.key, choice.label]));
  const criteria = new Map(protocol.criteria.map((criterion) => [criterion.key, criterion.label]));
  const some = (has: (opinion: Opinion) => boolean) => opened.judgments.some(has);
  const columns: Column<Opinion>[] = [
    { name: t`Annotator`, cell: (opinion) => t`Annotator ${opinion.annotator.charCodeAt(0) - 64}` },
    {
      name: t`Said`,
      cell: (opinion) => (
        <>
          <b aria-hidden>{ranking(opinion, name)}</b>
          <span className="visually-hidden">{rankingAloud(opinion, name)}</span>
        </>
      ),
    },
    ...(some((opinion) => Object.keys(opinion.criteria).length > 0)
      ? [{ name: t`Scores`, wrap: true, cell: (opinion: Opinion) => scores(opinion, criteria, name) }]
      : []),
    ...(some((opinion) => opinion.reasons.length > 0)
      ? [{ name: t`Reasons`, wrap: true, cell: (opinion: Opinion) => opinion.reasons.map((key) => reasons.get(String(key)) ?? String(key)).join(", ") }]
      : []),
    {
      name: t`Comment`,
      wrap: true,
      cell: (opinion) => (opinion.comment ? <span dir="auto">{opinion.comment}</span> : <Quiet><Trans>none</Trans></Quiet>),
    },
  ];
  return <Table label={t`What each said`} bare columns={columns} rows={opened.judgments} keyOf={(opinion) => opinion.annotator} />;
}

/** "Tone: A 4, B 2" */
export function scores(said: Pick<Opinion, "criteria">, labels: ReadonlyMap<string, string>, name: (key: string) => string): string {
  return Object.entries(said.criteria)
    .map(([criterion, of]) => {
      const given = isRecord(of) ? Object.entries(of).map(([key, value]) => `${name(key)} ${String(value)}`) : [];
      return `${labels.get(criterion) ?? criterion}: ${given.sort().join(", ")}`;
    })
    .join("; ");
}
