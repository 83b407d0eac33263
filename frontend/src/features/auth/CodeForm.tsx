import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, TextInput } from "@mantine/core";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

interface Props {
  error: unknown;
  busy: boolean;
  onCode: (code: string) => void;
  onBack: () => void;
}

/** The second step of signing in, for who has a second factor. */
export function CodeForm({ error, busy, onCode, onBack }: Props) {
  const [code, setCode] = useState("");
  return (
    <AuthFrame title={t`Your second factor`} lead={t`The code that your authenticator app shows, or one of your recovery codes.`}>
      <form
        className={classes.fields}
        onSubmit={(event) => {
          event.preventDefault();
          if (code.trim()) onCode(code.trim());
        }}
      >
        {error ? <Note care>{messageOf(error)}</Note> : null}
        <TextInput
          label={t`Code`}
          autoComplete="one-time-code"
          required
          autoFocus
          size="md"
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" size="md" loading={busy}>
          <Trans>Go on</Trans>
        </Button>
      </form>
      <p className={classes.foot}>
        <Anchor component="button" type="button" inherit onClick={onBack}>
          <Trans>Sign in as somebody else</Trans>
        </Anchor>
      </p>
    </AuthFrame>
  );
}
