import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { messageOf } from "@/api/client";

interface Options<In, Out> {
  /** What the act makes stale. */
  stale: readonly QueryKey[];
  /** Said when it did not work: "Not released". */
  failed: string;
  done?: (answer: Out, given: In) => void;
}

/** Something done on the server: refreshes what it changed, and says so when it was refused. */
export function useAct<In, Out>(act: (given: In) => Promise<Out>, { stale, failed, done }: Options<In, Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async (answer, given) => {
      await Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
      done?.(answer, given);
    },
    onError: (error) => notifications.show({ color: "ochre", title: failed, message: messageOf(error) }),
  });
}
