import { t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { secondFactorQuery, turnOffSecondFactor } from "@/api/account";
import { messageOf } from "@/api/client";
import { sessionQuery } from "@/api/session";
import { LinkButton } from "@/components/LinkButton";
import { Failure, Note } from "@/components/States";
import { Quiet } from "@/components/Table";

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
    return <Failure what={t`This could not be read.`} error={state.error} retry={() => void state.refetch()} />;
  }
  if (!state.data) return <Quiet><Trans>Looking…</Trans></Quiet>;
  if (!state.data.enabled) {
    return (
      <div style={{ display: "grid", gap: 12, justifyItems: "start" }}>
        <Quiet><Trans>An authenticator app on your phone, asked for beside your password.</Trans></Quiet>
        <LinkButton to="/second-factor" variant="default">
          <Trans>Set it up</Trans>
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
      <Quiet><Plural value={state.data.recovery_codes_left} one="It is on. # recovery code left." other="It is on. # recovery codes left." /></Quiet>
      {off.isError ? <Note care>{messageOf(off.error)}</Note> : null}
      <Group align="flex-end" gap="xs">
        <TextInput
          label={t`Code`}
          description={t`From the app, or a recovery code.`}
          autoComplete="one-time-code"
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={off.isPending} disabled={!code.trim()}>
          <Trans>Turn it off</Trans>
        </Button>
      </Group>
    </form>
  );
}
