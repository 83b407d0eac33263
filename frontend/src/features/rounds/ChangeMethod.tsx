import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { SegmentedControl } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { changeRound } from "@/api/rounds";
import type { Round } from "@/api/types";
import { KIND_NAMES, METHODS } from "@/lib/runKinds";

import classes from "./RoundView.module.css";

/** The method may change until the policy step reads it. */
export function ChangeMethod({ round, slug }: { round: Round; slug: string }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (method: string) => changeRound(round.id, { method }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", slug, "rounds"] }),
    onError: (error) => notifications.show({ color: "ochre", title: t`Not changed`, message: messageOf(error) }),
  });
  const method = typeof round.spec.method === "string" ? round.spec.method : "dpo";
  return (
    <div className={classes.row} style={{ justifyContent: "flex-start" }}>
      <span><Trans>Method of the policy step, which has not begun:</Trans></span>
      <SegmentedControl
        aria-label={t`Method of this round`}
        size="xs"
        disabled={change.isPending}
        value={change.isPending ? change.variables : method}
        onChange={(value) => change.mutate(value)}
        data={METHODS.map((value) => ({ value, label: KIND_NAMES[value] }))}
      />
    </div>
  );
}
