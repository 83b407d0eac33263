import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Skeleton, Switch, TagsInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { changeQueueRules, queueRulesQuery, type QueueRulesChange } from "@/api/tasks";
import type { QueueRules } from "@/api/types";
import { Panel } from "@/components/Panel";
import { Failure } from "@/components/States";
import { useAct } from "@/lib/useAct";

import classes from "./Held.module.css";

const SWITCHES = [
  { name: "hold_names", get label() { return t`Names its model`; }, get says() { return t`“As an AI made by …”.`; } },
  { name: "hold_errors", get label() { return t`Carries error text`; }, get says() { return t`“Rate limit exceeded”, a stack trace.`; } },
  { name: "hold_cut_off", get label() { return t`Was cut off`; }, get says() { return t`It ends in the middle of a sentence.`; } },
] as const;

/** What the leak gate looks for, in responses that come from now on. */
export function GateSettings({ slug, manages }: { slug: string; manages: boolean }) {
  const rules = useQuery(queueRulesQuery(slug));
  return (
    <Panel title={t`What is held back`}>
      {rules.isPending ? (
        <Skeleton height={180} />
      ) : rules.isError ? (
        <Failure what={t`The settings could not be read.`} error={rules.error} retry={() => void rules.refetch()} />
      ) : (
        <Form key={JSON.stringify(rules.data.hold_phrases)} slug={slug} rules={rules.data} manages={manages} />
      )}
    </Panel>
  );
}

function Form({ slug, rules, manages }: { slug: string; rules: QueueRules; manages: boolean }) {
  const [phrases, setPhrases] = useState<string[]>(rules.hold_phrases ?? []);
  const change = useAct((body: QueueRulesChange) => changeQueueRules(slug, body), {
    stale: [["project", slug, "queue-rules"]],
    failed: t`Not changed`,
  });
  const phrasesChanged = JSON.stringify(phrases) !== JSON.stringify(rules.hold_phrases ?? []);
  return (
    <div className={classes.settings}>
      {SWITCHES.map(({ name, label, says }) => (
        <Switch
          key={name}
          label={label}
          description={says}
          disabled={!manages || change.isPending}
          checked={rules[name] ?? false}
          onChange={(event) => change.mutate({ [name]: event.currentTarget.checked })}
        />
      ))}
      <TagsInput
        label={t`Phrases of your own`}
        description={t`* stands for a few characters of one line.`}
        placeholder={phrases.length ? "" : t`as an AI*`}
        maxTags={100}
        disabled={!manages}
        value={phrases}
        onChange={setPhrases}
      />
      {phrasesChanged && manages ? (
        <div>
          <Button size="xs" loading={change.isPending} onClick={() => change.mutate({ hold_phrases: phrases })}>
            <Trans>Save the phrases</Trans>
          </Button>
        </div>
      ) : null}
      <p><Trans>Changes hold for what comes from now on; what is held already waits for a decision.</Trans></p>
    </div>
  );
}
