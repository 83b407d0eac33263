import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { cancelRun, isActive, retryRun, runQuery } from "@/api/runs";
import type { Project, Run } from "@/api/types";
import { may } from "@/lib/permissions";
import { useCommands } from "@/lib/useCommands";

export function RunActions({ project, run }: { project: Project; run: Run }) {
  const client = useQueryClient();
  const settle = {
    onSuccess: (fresh: Run) => client.setQueryData(runQuery(run.id).queryKey, fresh),
    onError: (error: unknown) => notifications.show({ color: "ochre", title: t`Not done`, message: messageOf(error) }),
  };
  const cancel = useMutation({ mutationFn: () => cancelRun(run.id), ...settle });
  const retry = useMutation({ mutationFn: () => retryRun(run.id), ...settle });
  const launches = may(project, "run.launch");
  const canCancel = launches && isActive(run.state) && !run.cancel_requested;
  const canRetry = launches && (run.state === "failed" || run.state === "cancelled");
  useCommands([
    { id: "cancel-run", label: t`Cancel this run`, group: t`Run`, keys: [], enabled: canCancel, perform: () => cancel.mutate() },
    { id: "retry-run", label: t`Retry this run`, group: t`Run`, keys: [], enabled: canRetry, perform: () => retry.mutate() },
  ]);
  return (
    <>
      {canCancel ? (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          <Trans>Cancel</Trans>
        </Button>
      ) : null}
      {canRetry ? (
        <Button loading={retry.isPending} onClick={() => retry.mutate()}>
          <Trans>Retry</Trans>
        </Button>
      ) : null}
    </>
  );
}
