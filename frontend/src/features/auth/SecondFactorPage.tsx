import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, Code, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";

import { newSecret, turnOnSecondFactor } from "@/api/account";
import { messageOf } from "@/api/client";
import { refreshSession, sessionQuery, signOut } from "@/api/session";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";
import { landing } from "./landing";

/** Sets up an authenticator app: scan, type its code, keep the recovery codes. */
export function SecondFactorPage() {
  const router = useRouter();
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const [code, setCode] = useState("");
  const secret = useMutation({ mutationFn: newSecret });
  const enable = useMutation({ mutationFn: turnOnSecondFactor });
  const begin = useEffectEvent(() => secret.mutate());
  useEffect(() => begin(), []);

  const goOn = async () => {
    client.clear();
    client.setQueryData(sessionQuery.queryKey, await refreshSession());
    router.history.push(await landing(client));
  };
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      client.clear();
      router.history.push("/sign-in");
    },
  });

  if (enable.data) {
    return (
      <AuthFrame
        title={t`Keep your recovery codes`}
        lead={t`Each lets you in once when your phone is not at hand. They are not shown again.`}
      >
        <div className={classes.fields}>
          <Code block>{enable.data.recovery_codes.join("\n")}</Code>
          <Button size="md" onClick={() => void goOn()}>
            <Trans>I have kept them</Trans>
          </Button>
        </div>
      </AuthFrame>
    );
  }
  const asked = session.data?.second_factor === "to_set_up";
  const error = enable.error ?? secret.error;
  return (
    <AuthFrame
      title={t`Set up a second factor`}
      lead={
        asked
          ? t`This server asks for one. Scan this with an authenticator app, then type the code it shows.`
          : t`Scan this with an authenticator app, then type the code it shows.`
      }
    >
      <form
        className={classes.fields}
        onSubmit={(event) => {
          event.preventDefault();
          if (code.trim()) enable.mutate(code.trim());
        }}
      >
        {error ? <Note care>{messageOf(error)}</Note> : null}
        {secret.data ? (
          <>
            <div className={classes.qr} role="img" aria-label={t`QR code`} dangerouslySetInnerHTML={{ __html: secret.data.svg }} />
            <div>
              <Trans>Or type this secret: <Code style={{ overflowWrap: "anywhere" }}>{secret.data.secret}</Code></Trans>
            </div>
          </>
        ) : null}
        <TextInput
          label={t`Code`}
          autoComplete="one-time-code"
          required
          size="md"
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" size="md" disabled={!secret.data} loading={enable.isPending}>
          <Trans>Turn it on</Trans>
        </Button>
      </form>
      <p className={classes.foot}>
        {asked ? (
          <Anchor component="button" type="button" inherit onClick={() => leave.mutate()}>
            <Trans>Sign out</Trans>
          </Anchor>
        ) : (
          <Anchor component="button" type="button" inherit onClick={() => router.history.push("/settings")}>
            <Trans>Back to the settings</Trans>
          </Anchor>
        )}
      </p>
    </AuthFrame>
  );
}
