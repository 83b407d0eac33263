import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { secondFactorQuery, turnOffSecondFactor } from "@/api/account";
import { messageOf } from "@/api/client";
import { sessionQuery } from "@/api/session";
import { LinkButton } from "@/components/LinkButton";
import { Failure, Note } from "@/components/States";
import { Quiet } from "@/components/Table";
import { plural } from "@/lib/format";

/** On or off; turning it off takes a code. */
export function SecondFactor() {
  const client = useQueryClient();
  const state = useQuery(secondFactorQuery);
  const [code, setCode] = useState("");
  const off = useMutation({
    mutationFn: turnOffSecondFactor,
    onSuccess: async () => {
      setCode("");
      await client.invalidateQueries(secondFactorQuery);
      await client.invalidateQueries(sessionQuery);
    },
  });
  if (state.isError) {
    return <Failure what="This could not be read." error={state.error} retry={() => void state.refetch()} />;
  }
  if (!state.data) return <Quiet>Looking…</Quiet>;
  if (!state.data.enabled) {
    return (
      <div style={{ display: "grid", gap: 12, justifyItems: "start" }}>
        <Quiet>An authenticator app on your phone, asked for beside your password.</Quiet>
        <LinkButton to="/second-factor" variant="default">
          Set it up
        </LinkButton>
      </div>
    );
  }
  return (
    <form
      style={{ display: "grid", gap: 12 }}
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim()) off.mutate(code.trim());
      }}
    >
      <Quiet>It is on. {plural(state.data.recovery_codes_left, "recovery code")} left.</Quiet>
      {off.isError ? <Note care>{messageOf(off.error)}</Note> : null}
      <Group align="flex-end" gap="xs">
        <TextInput
          label="Code"
          description="From the app, or a recovery code."
          autoComplete="one-time-code"
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={off.isPending} disabled={!code.trim()}>
          Turn it off
        </Button>
      </Group>
    </form>
  );
}
