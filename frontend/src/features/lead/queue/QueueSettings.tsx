import { t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, NumberInput, Skeleton } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { changeQueueRules, queueRulesQuery, type QueueRulesChange } from "@/api/tasks";
import type { Project, QueueRules } from "@/api/types";
import { Failure, Note } from "@/components/States";

import classes from "./Queue.module.css";

interface Props {
  project: Project;
  opened: boolean;
  onClose: () => void;
}

/** How many judgments, how much of each person, how often gold. */
export function QueueSettings({ project, opened, onClose }: Props) {
  const rules = useQuery({ ...queueRulesQuery(project.slug), enabled: opened });
  return (
    <Drawer opened={opened} onClose={onClose} size={480} title={t`Queue settings`}>
      {rules.isPending ? (
        <Skeleton height={320} />
      ) : rules.isError ? (
        <Failure what={t`The settings could not be read.`} error={rules.error} retry={() => void rules.refetch()} />
      ) : (
        <Form project={project} rules={rules.data} onClose={onClose} />
      )}
    </Drawer>
  );
}

const orEmpty = (value: number | null | undefined): number | "" => value ?? "";
const orNull = (value: number | string): number | null => (typeof value === "number" ? value : null);

function Form({ project, rules, onClose }: { project: Project; rules: QueueRules; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<Record<string, number | string>>({
    initialValues: {
      overlap_max: orEmpty(rules.overlap_max),
      confidence: rules.confidence ?? 0.9,
      per_day: orEmpty(rules.caps?.per_day),
      in_total: orEmpty(rules.caps?.in_total),
      batch_percent: orEmpty(rules.caps?.batch_percent),
      gold_every: rules.gold_every ?? 0,
      repeat_every: rules.repeat_every ?? 0,
      repeat_after: rules.repeat_after ?? 20,
    },
  });
  const save = useMutation({
    mutationFn: (body: QueueRulesChange) => changeQueueRules(project.slug, body),
    onSuccess: async () => {
      await client.invalidateQueries(queueRulesQuery(project.slug));
      onClose();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  const field = (name: string) => ({ ...form.getInputProps(name), allowDecimal: name === "confidence" });
  const submit = (values: typeof form.values) =>
    save.mutate({
      overlap_max: orNull(values.overlap_max ?? ""),
      confidence: Number(values.confidence),
      caps: {
        per_day: orNull(values.per_day ?? ""),
        in_total: orNull(values.in_total ?? ""),
        batch_percent: orNull(values.batch_percent ?? ""),
      },
      gold_every: Number(values.gold_every),
      repeat_every: Number(values.repeat_every),
      repeat_after: Number(values.repeat_after),
    });
  return (
    <form onSubmit={form.onSubmit(submit)} className={classes.stack}>
      {save.isError ? <Note care>{messageOf(save.error)}</Note> : null}
      <fieldset className={classes.group}>
        <legend><Trans>Overlap</Trans></legend>
        <p>
          <Plural value={project.overlap} one="Every task starts with # judgment." other="Every task starts with # judgments." />
        </p>
        <NumberInput label={t`Ask further up to`} description={t`Empty: never more. For tasks queued from now on.`} min={1} max={100} {...field("overlap_max")} />
        <NumberInput label={t`Until so sure of the winner`} description={t`From 0.5 to 0.999.`} min={0.5} max={0.999} step={0.05} {...field("confidence")} />
      </fieldset>
      <fieldset className={classes.group}>
        <legend><Trans>Of each annotator</Trans></legend>
        <NumberInput label={t`Judgments a day, at most`} description={t`Empty: any number.`} min={1} {...field("per_day")} />
        <NumberInput label={t`Judgments in all, at most`} description={t`Empty: any number.`} min={1} {...field("in_total")} />
        <NumberInput label={t`Percent of one batch, at most`} description={t`So that no batch is one person's opinion.`} min={1} max={100} {...field("batch_percent")} />
      </fieldset>
      <fieldset className={classes.group}>
        <legend><Trans>Checks</Trans></legend>
        <NumberInput label={t`One gold task in`} description={t`0: never.`} min={0} max={1000} {...field("gold_every")} />
        <NumberInput label={t`One hidden repeat in`} description={t`0: never.`} min={0} max={1000} {...field("repeat_every")} />
        <NumberInput label={t`A repeat comes after so many others`} min={1} max={10000} {...field("repeat_after")} />
      </fieldset>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" loading={save.isPending}>
          <Trans>Save</Trans>
        </Button>
      </Group>
    </form>
  );
}
