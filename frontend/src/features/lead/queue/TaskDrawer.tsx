import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, NumberInput, Skeleton, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { askAdjudication } from "@/api/adjudications";
import { changeTask, taskQuery, type TaskChange } from "@/api/tasks";
import type { Project, TaskDetail } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { Stat, Stats } from "@/components/Stat";
import { Failure } from "@/components/States";
import { Texts } from "@/components/Texts";
import { count, percent } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";
import { ARM_WORDS } from "@/lib/words";

import classes from "./Queue.module.css";

interface Props {
  project: Project;
  id: number | null;
  onClose: () => void;
}

/** One task in full; the address holds which. */
export function TaskDrawer({ project, id, onClose }: Props) {
  return (
    <Drawer opened={id !== null} onClose={onClose} size={720} title={id === null ? "" : t`Task ${id}`}>
      {id === null ? null : <OneTask key={id} project={project} id={id} />}
    </Drawer>
  );
}

function OneTask({ project, id }: { project: Project; id: number }) {
  const task = useQuery(taskQuery(project.slug, id));
  if (task.isPending) return <Skeleton height={240} />;
  if (task.isError) return <Failure what={t`The task could not be read.`} error={task.error} retry={() => void task.refetch()} />;
  return <Detail project={project} task={task.data} />;
}

function Detail({ project, task }: { project: Project; task: TaskDetail }) {
  const { slug } = project;
  return (
    <div className={classes.stack}>
      <Stats>
        <Stat name={t`Arm`} value={task.arm ? ARM_WORDS[task.arm] : "–"} note={task.batch} />
        {task.arm === "gold" ? (
          <Stat name={t`Asked`} value={t`Now and then`} note={t`of everybody, at the gold rate`} />
        ) : (
          <Stat name={t`Done`} value={t`${count(task.slots_done)} of ${count(task.overlap ?? 0)}`} note={t`${count(task.slots_leased)} in hand`} />
        )}
        <Stat
          name={t`Overlap`}
          value={task.overlap_max === null ? t`Fixed` : t`Up to ${count(task.overlap_max)}`}
          note={task.confidence === null ? undefined : t`until ${percent(task.confidence, 0)} sure`}
        />
      </Stats>
      <Texts prompt={task.prompt_messages} responses={task.responses.map(({ letter, messages }) => ({ name: letter, messages }))} />
      {may(project, "queue.manage") && (task.overlap ?? 0) > 0 ? <Change slug={slug} task={task} /> : null}
      {may(project, "task.adjudicate") && task.slots_done > 0 ? <Adjudicate slug={slug} task={task.id} /> : null}
      <Group gap="xs">
        {may(project, "judgment.review") ? (
          <LinkButton size="xs" variant="default" to="/p/$slug/review" params={{ slug }} search={{ task: task.id }}>
            <Trans>Its judgments</Trans>
          </LinkButton>
        ) : null}
        {may(project, "queue.manage") && task.kind === "rank" ? (
          <LinkButton size="xs" variant="default" to="/p/$slug/gold" params={{ slug }} search={{ task: task.id }}>
            {task.gold ? t`Its known answer` : t`Make it gold`}
          </LinkButton>
        ) : null}
      </Group>
    </div>
  );
}

function Change({ slug, task }: { slug: string; task: TaskDetail }) {
  const [priority, setPriority] = useState<number | string>(task.priority ?? 0);
  const [overlap, setOverlap] = useState<number | string>(task.overlap ?? 1);
  const body: TaskChange = {
    ...(typeof priority === "number" && priority !== task.priority ? { priority } : {}),
    ...(typeof overlap === "number" && overlap !== task.overlap ? { overlap } : {}),
  };
  const change = useAct((next: TaskChange) => changeTask(slug, task.id, next), {
    stale: [
      ["project", slug, "tasks"],
      ["project", slug, "counts"],
    ],
    failed: t`Not changed`,
    done: () => notifications.show({ message: t`Task ${task.id} changed.` }),
  });
  return (
    <form
      className={classes.inline}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(body);
      }}
    >
      <NumberInput label={t`Priority`} w={130} allowDecimal={false} value={priority} onChange={setPriority} />
      <NumberInput label={t`Judgments wanted`} w={150} min={1} max={100} allowDecimal={false} value={overlap} onChange={setOverlap} />
      <Button type="submit" variant="default" disabled={Object.keys(body).length === 0} loading={change.isPending}>
        <Trans>Change</Trans>
      </Button>
    </form>
  );
}

function Adjudicate({ slug, task }: { slug: string; task: number }) {
  const [reason, setReason] = useState("");
  const ask = useAct(() => askAdjudication(slug, task, reason.trim()), {
    stale: [["project", slug, "quality"]],
    failed: t`Not sent`,
    done: () => {
      setReason("");
      notifications.show({ message: t`Task ${task} waits for adjudication.` });
    },
  });
  return (
    <form
      className={classes.inline}
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate(undefined);
      }}
    >
      <TextInput
        label={t`Send it to adjudication, because`}
        style={{ flex: 1, minWidth: 200 }}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!reason.trim()} loading={ask.isPending}>
        <Trans>Send</Trans>
      </Button>
    </form>
  );
}
