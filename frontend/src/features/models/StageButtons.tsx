import { t } from "@lingui/core/macro";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { modelQuery, moveModel } from "@/api/models";
import type { Model } from "@/api/types";

/** Promote, retire, or take back into the candidates. */
export function StageButtons({ slug, model }: { slug: string; model: Model }) {
  const client = useQueryClient();
  const move = useMutation({
    mutationFn: (stage: Model["stage"]) => moveModel(model.id, stage),
    onSuccess: async (fresh) => {
      client.setQueryData(modelQuery(model.id).queryKey, fresh);
      await client.invalidateQueries({ queryKey: ["project", slug, "models"] });
    },
    onError: (error) => notifications.show({ color: "ochre", title: t`Not moved`, message: messageOf(error) }),
  });
  const button = (stage: Model["stage"], words: string, primary = false) => (
    <Button
      variant={primary ? "filled" : "default"}
      loading={move.isPending && move.variables === stage}
      disabled={move.isPending}
      onClick={() => move.mutate(stage)}
    >
      {words}
    </Button>
  );
  if (model.stage === "retired") return button("candidate", t`Take back`);
  return (
    <>
      {model.stage === "promoted" ? button("candidate", t`Back to candidate`) : null}
      {button("retired", t`Retire`)}
      {model.stage === "candidate" ? button("promoted", t`Promote`, true) : null}
    </>
  );
}
