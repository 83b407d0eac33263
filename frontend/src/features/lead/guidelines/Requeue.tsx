import { t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Button, Group, Modal, MultiSelect, NumberInput, TagsInput } from "@mantine/core";
import { useState } from "react";

import { requeueJudged, type Requeue as RequeueBody } from "@/api/guidelines";
import { LinkButton } from "@/components/LinkButton";
import { useAct } from "@/lib/useAct";

import classes from "./Guidelines.module.css";

interface Props {
  slug: string;
  newest: number;
  opened: boolean;
  onClose: () => void;
}

const ARMS = [
  { value: "active" as const, get label() { return t`Active`; } },
  { value: "random" as const, get label() { return t`Random`; } },
];

/** Puts back into the queue what was judged under older guidelines. */
export function Requeue({ slug, newest, opened, onClose }: Props) {
  const [before, setBefore] = useState<number | string>("");
  const [tags, setTags] = useState<string[]>([]);
  const [arms, setArms] = useState<string[]>([]);
  const [each, setEach] = useState<number | string>(1);
  const judgedBefore = typeof before === "number" ? before : newest;
  const ask = useAct((body: RequeueBody) => requeueJudged(slug, body), {
    stale: [
      ["project", slug, "tasks"],
      ["project", slug, "counts"],
    ],
    failed: t`Not put back`,
  });
  const close = () => {
    ask.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={t`Ask again about what the change affects`}>
      {ask.data ? (
        <div className={classes.form}>
          <p>
            <Trans>
              <Plural value={ask.data.num_tasks} one="# task" other="# tasks" /> asked again, for{" "}
              <Plural value={ask.data.num_slots} one="# judgment" other="# judgments" />.
            </Trans>
            {ask.data.more ? ` ${t`There are more than 10,000 such tasks: ask once more to go on.`}` : ""}
          </p>
          <Group justify="flex-end" gap="xs">
            {ask.data.more ? (
              <Button variant="default" onClick={() => ask.reset()}>
                <Trans>Go on</Trans>
              </Button>
            ) : null}
            <LinkButton to="/p/$slug/queue" params={{ slug }}>
              <Trans>See the queue</Trans>
            </LinkButton>
          </Group>
        </div>
      ) : (
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate({
              judged_before: judgedBefore,
              judgments_each: typeof each === "number" ? each : 1,
              ...(tags.length ? { tags } : {}),
              ...(arms.length ? { arms: ARMS.map(({ value }) => value).filter((value) => arms.includes(value)) } : {}),
            });
          }}
        >
          <p><Trans>The old judgments stay, each under the version it names.</Trans></p>
          <NumberInput
            label={t`Judged under a version before`}
            min={1}
            max={newest}
            allowDecimal={false}
            value={judgedBefore}
            onChange={setBefore}
          />
          <TagsInput label={t`Only prompts with one of these tags`} description={t`Empty: all of them.`} value={tags} onChange={setTags} />
          <MultiSelect label={t`Only of these arms`} placeholder={arms.length ? "" : t`Active and random`} data={ARMS} value={arms} onChange={setArms} />
          <NumberInput label={t`Judgments each`} min={1} max={20} allowDecimal={false} value={each} onChange={setEach} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" loading={ask.isPending}>
              <Trans>Ask again</Trans>
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}
