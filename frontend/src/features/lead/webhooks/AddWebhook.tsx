import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Group, Modal, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { addWebhook, type NewWebhook } from "@/api/webhooks";
import type { WebhookEvent } from "@/api/types";
import { CopyOnce } from "@/components/CopyOnce";
import { Note } from "@/components/States";

import classes from "./Webhooks.module.css";

const EVENTS: Record<WebhookEvent, string> = {
  get "judgment.submitted"() { return t`somebody submitted or corrected a judgment`; },
  get "judgment.withdrawn"() { return t`somebody took a judgment back`; },
  get "task.completed"() { return t`all wanted judgments of a task are there`; },
  get "queue.empty"() { return t`nothing is left that anybody could be given`; },
  get "snapshot.frozen"() { return t`a data set was frozen`; },
  get "run.finished"() { return t`a run succeeded, failed or was cancelled`; },
  get "import.finished"() { return t`an import in the background ended`; },
  get "annotator.paused"() { return t`a rule paused an annotator`; },
  get "rule.fired"() { return t`a quality rule spoke of a person or a task`; },
};

export function AddWebhook({ slug, opened, onClose }: { slug: string; opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<NewWebhook>({ initialValues: { url: "", description: "", events: [] } });
  const add = useMutation({
    mutationFn: (body: NewWebhook) => addWebhook(slug, body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", slug, "webhooks"] }),
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  const close = () => {
    add.reset();
    form.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={t`Add a webhook`} size="lg">
      {add.data ? (
        <div className={classes.form}>
          <CopyOnce
            label={t`The secret`}
            description={t`Copy it now, it is not shown again. With it your program verifies that a message is ours.`}
            value={add.data.secret}
          />
          <Group justify="flex-end">
            <Button onClick={close}><Trans>Done</Trans></Button>
          </Group>
        </div>
      ) : (
        <form className={classes.form} onSubmit={form.onSubmit((body) => add.mutate(body))}>
          {add.isError ? <Note care>{messageOf(add.error)}</Note> : null}
          <TextInput label={t`Address`} type="url" placeholder="https://example.com/plumbline" required maxLength={1000} data-autofocus {...form.getInputProps("url")} />
          <TextInput label={t`What it is for`} maxLength={200} {...form.getInputProps("description")} />
          <Checkbox.Group label={t`Tell it when`} {...form.getInputProps("events")}>
            <div className={classes.checks}>
              {Object.entries(EVENTS).map(([value, says]) => (
                <Checkbox key={value} value={value} label={<EventLabel name={value} says={says} />} />
              ))}
            </div>
          </Checkbox.Group>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" loading={add.isPending} disabled={form.values.events.length === 0}>
              <Trans>Add</Trans>
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}

function EventLabel({ name, says }: { name: string; says: string }) {
  return (
    <>
      {says} <span className={`mono ${classes.quiet}`}>{name}</span>
    </>
  );
}
