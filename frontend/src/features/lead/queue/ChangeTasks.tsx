import { Button, Group, Modal, NumberInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { changeTasks, type TaskChange } from "@/api/tasks";
import { plural } from "@/lib/format";
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
    failed: "Not changed",
    done: ({ changed }) => {
      notifications.show({ message: `${plural(changed, "task")} changed.` });
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
    <Modal opened={opened} onClose={onClose} title={`Change ${plural(tasks.length, "task")}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(body);
        }}
        style={{ display: "grid", gap: 16 }}
      >
        <NumberInput
          label="Priority"
          description="The highest goes first; 0 is usual. Empty leaves it."
          allowDecimal={false}
          value={priority}
          onChange={setPriority}
          data-autofocus
        />
        <NumberInput
          label="Overlap"
          description="Judgments wanted of each. What people hold stays theirs. Empty leaves it."
          min={1}
          max={100}
          allowDecimal={false}
          value={overlap}
          onChange={setOverlap}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending} disabled={Object.keys(body).length === 0}>
            Change
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
