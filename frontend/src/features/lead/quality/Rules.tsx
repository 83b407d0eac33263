import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Switch } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { changeRule, readRuleEvents, removeRule, ruleEventsQuery, rulesQuery } from "@/api/quality";
import { everyRow } from "@/api/paging";
import type { AnnotatorFigures, Project, Rule, RuleEvent } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { EstimateText } from "@/components/EstimateText";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { count } from "@/lib/format";
import { apart } from "@/lib/language";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import { AddRule } from "./AddRule";
import { two } from "./figures";
import classes from "./Quality.module.css";
import { ACTION_WORDS, ruleInWords } from "./ruleWords";

interface Props {
  project: Project;
  annotators: readonly AnnotatorFigures[];
}

/** What happens by itself when a figure is past a threshold, and what did. */
export function Rules({ project, annotators }: Props) {
  const { slug } = project;
  const rules = useInfiniteQuery(rulesQuery(slug));
  const [opened, { open, close }] = useDisclosure(false);
  const manages = may(project, "quality.manage");
  const add = manages ? (
    <Button size="xs" onClick={open}>
      <Trans>Add a rule</Trans>
    </Button>
  ) : null;
  return (
    <div className={classes.stack}>
      <div>
        <Group justify="space-between" mb="sm">
          <p className={classes.says} style={{ margin: 0 }}>
            <Trans>A rule looks at figures whenever they are computed. It speaks of the same person or task once.</Trans>
          </p>
          {add}
        </Group>
        <Listing
          query={rules}
          failed={t`The rules could not be read.`}
          columns={5}
          empty={
            <Empty title={t`There are no rules.`} actions={add}>
              <Trans>A rule can pause an annotator whose gold accuracy falls below 70%, or send a task that people part over to
              adjudication.</Trans>
            </Empty>
          }
        >
          {(rows, more) => <Table label={t`Rules`} columns={ruleColumns(slug, manages)} rows={rows} keyOf={(rule) => rule.id} footer={more} />}
        </Listing>
      </div>
      <Log slug={slug} annotators={annotators} />
      <AddRule slug={slug} opened={opened} onClose={close} />
    </div>
  );
}

const ruleColumns = (slug: string, manages: boolean): Column<Rule>[] => [
  { name: t`When`, wrap: true, cell: (rule) => ruleInWords(rule) },
  { name: t`Then`, cell: (rule) => ACTION_WORDS[rule.action] },
  { name: t`From n`, number: true, cell: (rule) => count(rule.min_num) },
  { name: t`In use`, cell: (rule) => <InUse slug={slug} rule={rule} manages={manages} /> },
  ...(manages ? [{ name: t`Actions`, hidden: true, number: true, cell: (rule: Rule) => <RemoveRule slug={slug} rule={rule} /> }] : []),
];

function InUse({ slug, rule, manages }: { slug: string; rule: Rule; manages: boolean }) {
  const change = useAct((on: boolean) => changeRule(slug, rule.id, { is_enabled: on }), {
    stale: [["project", slug, "quality", "rules"]],
    failed: t`Not changed`,
  });
  return (
    <Switch
      size="xs"
      aria-label={t`In use: ${ruleInWords(rule)}`}
      checked={rule.is_enabled ?? false}
      disabled={!manages || change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  );
}

function RemoveRule({ slug, rule }: { slug: string; rule: Rule }) {
  const remove = useAct(() => removeRule(slug, rule.id), {
    stale: [["project", slug, "quality", "rules"]],
    failed: t`Not removed`,
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={remove.isPending}
      onClick={() => remove.mutate(undefined)}
      aria-label={t`Remove: ${ruleInWords(rule)}`}
    >
      <Trans>Remove</Trans>
    </Button>
  );
}

function Log({ slug, annotators }: { slug: string; annotators: readonly AnnotatorFigures[] }) {
  const events = useInfiniteQuery(ruleEventsQuery(slug));
  const nameOf = (id: number) => annotators.find((one) => one.annotator === id)?.name ?? t`Annotator ${id}`;
  return (
    <Panel
      title={t`What the rules did`}
      padded={false}
      actions={<DownloadCsv name="rule-log" columns={logCsv(nameOf)} rows={() => everyRow(readRuleEvents(slug))} />}
    >
      <Listing
        query={events}
        failed={t`The log could not be read.`}
        columns={4}
        empty={<p className={classes.none}><Trans>No rule has done anything yet.</Trans></p>}
      >
        {(rows, more) => (
          <Table label={t`What the rules did`} bare columns={logColumns(slug, nameOf)} rows={rows} keyOf={(event) => event.id} footer={more} />
        )}
      </Listing>
    </Panel>
  );
}

const figureOf = (event: RuleEvent) => ({ value: event.value, low: event.low ?? null, high: event.high ?? null, n: event.n });

const logColumns = (slug: string, nameOf: (id: number) => string): Column<RuleEvent>[] => [
  { name: t`When`, cell: (event) => (event.created_at ? <Ago at={event.created_at} /> : null) },
  {
    name: t`Of`,
    cell: (event) =>
      event.annotator !== null ? (
        nameOf(event.annotator)
      ) : event.task !== null ? (
        <Link to="/p/$slug/queue" params={{ slug }} search={{ task: event.task }}>
          <Trans>Task {event.task}</Trans>
        </Link>
      ) : (
        <Quiet>–</Quiet>
      ),
  },
  { name: t`What happened`, wrap: true, cell: (event) => apart(event.message) },
  { name: t`Figure`, number: true, cell: (event) => <EstimateText of={figureOf(event)} write={two} /> },
];

const logCsv = (nameOf: (id: number) => string): CsvColumn<RuleEvent>[] => [
  ["at", (event) => event.created_at],
  ["rule", (event) => event.rule_text],
  ["action", (event) => event.action],
  ["annotator", (event) => (event.annotator === null ? null : nameOf(event.annotator))],
  ["task", (event) => event.task],
  ["value", (event) => event.value],
  ["low", (event) => event.low],
  ["high", (event) => event.high],
  ["n", (event) => event.n],
  ["message", (event) => event.message],
];
