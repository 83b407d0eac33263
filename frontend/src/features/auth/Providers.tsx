import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { providersQuery, startProvider } from "@/api/session";
import { Note } from "@/components/States";

/** A button for each provider this server knows; none is shown where it knows none. */
export function Providers({ next }: { next: string }) {
  const providers = useQuery(providersQuery);
  const start = useMutation({
    mutationFn: (provider: string) => startProvider({ provider, next }),
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <>
      {start.isError ? <Note care>{messageOf(start.error)}</Note> : null}
      {providers.data?.results.map(({ id, name }) => (
        <Button
          key={id}
          variant="default"
          size="md"
          loading={start.isPending && start.variables === id}
          onClick={() => start.mutate(id)}
        >
          <Trans>Sign in with {name}</Trans>
        </Button>
      ))}
    </>
  );
}
