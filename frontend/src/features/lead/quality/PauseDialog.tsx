import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, Textarea } from "@mantine/core";
import { useState } from "react";

import { pauseAnnotator } from "@/api/quality";
import type { AnnotatorFigures } from "@/api/types";
import { useAct } from "@/lib/useAct";

interface Props {
  slug: string;
  annotator: AnnotatorFigures | null;
  onClose: () => void;
}

export function PauseDialog({ slug, annotator, onClose }: Props) {
  const [reason, setReason] = useState("");
  const pause = useAct((id: number) => pauseAnnotator(slug, id, reason.trim()), {
    stale: [["project", slug, "quality"]],
    failed: t`Not paused`,
    done: onClose,
  });
  return (
    <Modal opened={annotator !== null} onClose={onClose} title={annotator ? t`Pause ${annotator.name}` : ""}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (annotator) pause.mutate(annotator.annotator);
        }}
        style={{ display: "grid", gap: 16 }}
      >
        <Textarea
          label={t`What they are told`}
          description={t`They get no tasks until you resume them. What they hold they may still submit.`}
          maxLength={500}
          autosize
          minRows={2}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={pause.isPending}>
            <Trans>Pause</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
