import { Button, Group, Modal, MultiSelect, NumberInput, TagsInput } from "@mantine/core";
import { useState } from "react";

import { requeueJudged, type Requeue as RequeueBody } from "@/api/guidelines";
import { LinkButton } from "@/components/LinkButton";
import { plural } from "@/lib/format";
import { useAct } from "@/lib/useAct";

import classes from "./Guidelines.module.css";

interface Props {
  slug: string;
  newest: number;
  opened: boolean;
  onClose: () => void;
}

const ARMS = [
  { value: "active" as const, label: "Active" },
  { value: "random" as const, label: "Random" },
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
    failed: "Not put back",
  });
  const close = () => {
    ask.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Ask again about what the change affects">
      {ask.data ? (
        <div className={classes.form}>
          <p>
            {plural(ask.data.num_tasks, "task")} asked again, for {plural(ask.data.num_slots, "judgment")}.
            {ask.data.more ? " There are more than 10,000 such tasks: ask once more to go on." : ""}
          </p>
          <Group justify="flex-end" gap="xs">
            {ask.data.more ? (
              <Button variant="default" onClick={() => ask.reset()}>
                Go on
              </Button>
            ) : null}
            <LinkButton to="/p/$slug/queue" params={{ slug }}>
              See the queue
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
          <p>The old judgments stay, each under the version it names.</p>
          <NumberInput
            label="Judged under a version before"
            min={1}
            max={newest}
            allowDecimal={false}
            value={judgedBefore}
            onChange={setBefore}
          />
          <TagsInput label="Only prompts with one of these tags" description="Empty: all of them." value={tags} onChange={setTags} />
          <MultiSelect label="Only of these arms" placeholder={arms.length ? "" : "Active and random"} data={ARMS} value={arms} onChange={setArms} />
          <NumberInput label="Judgments each" min={1} max={20} allowDecimal={false} value={each} onChange={setEach} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={ask.isPending}>
              Ask again
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}
