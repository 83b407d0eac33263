import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, NumberInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { changeTasks, type TaskChange } from "@/api/tasks";
import { useAct } from "@/lib/useAct";

interface Props {
  slug: string;
  tasks: number[];
  opened: boolean;
  onClose: () => void;
  onDone: () => void;
}

/** Order and overlap of several tasks at once; what is left empty stays as it is. */
export function ChangeTasks({ slug, tasks, opened, onClose, onDone }: Props) {
  const [priority, setPriority] = useState<number | string>("");
  const [overlap, setOverlap] = useState<number | string>("");
  const change = useAct((body: TaskChange) => changeTasks(slug, tasks, body), {
    stale: [
      ["project", slug, "tasks"],
      ["project", slug, "counts"],
    ],
    failed: t`Not changed`,
    done: ({ changed }) => {
      notifications.show({ message: plural(changed, { one: "# task changed.", other: "# tasks changed." }) });
      setPriority("");
      setOverlap("");
      onDone();
      onClose();
    },
  });
  const body: TaskChange = {
    ...(typeof priority === "number" ? { priority } : {}),
    ...(typeof overlap === "number" ? { overlap } : {}),
  };
  return (
    <Modal opened={opened} onClose={onClose} title={plural(tasks.length, { one: "Change # task", other: "Change # tasks" })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(body);
        }}
        style={{ display: "grid", gap: 16 }}
      >
        <NumberInput
          label={t`Priority`}
          description={t`The highest goes first; 0 is usual. Empty leaves it.`}
          allowDecimal={false}
          value={priority}
          onChange={setPriority}
          data-autofocus
        />
        <NumberInput
          label={t`Overlap`}
          description={t`Judgments wanted of each. What people hold stays theirs. Empty leaves it.`}
          min={1}
          max={100}
          allowDecimal={false}
          value={overlap}
          onChange={setOverlap}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={change.isPending} disabled={Object.keys(body).length === 0}>
            <Trans>Change</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
