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
  { name: "hold_names", label: "Names its model", says: "“As an AI made by …”." },
  { name: "hold_errors", label: "Carries error text", says: "“Rate limit exceeded”, a stack trace." },
  { name: "hold_cut_off", label: "Was cut off", says: "It ends in the middle of a sentence." },
] as const;

/** What the leak gate looks for, in responses that come from now on. */
export function GateSettings({ slug, manages }: { slug: string; manages: boolean }) {
  const rules = useQuery(queueRulesQuery(slug));
  return (
    <Panel title="What is held back">
      {rules.isPending ? (
        <Skeleton height={180} />
      ) : rules.isError ? (
        <Failure what="The settings could not be read." error={rules.error} retry={() => void rules.refetch()} />
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
    failed: "Not changed",
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
        label="Phrases of your own"
        description="* stands for a few characters of one line."
        placeholder={phrases.length ? "" : "as an AI*"}
        maxTags={100}
        disabled={!manages}
        value={phrases}
        onChange={setPhrases}
      />
      {phrasesChanged && manages ? (
        <div>
          <Button size="xs" loading={change.isPending} onClick={() => change.mutate({ hold_phrases: phrases })}>
            Save the phrases
          </Button>
        </div>
      ) : null}
      <p>Changes hold for what comes from now on; what is held already waits for a decision.</p>
    </div>
  );
}
