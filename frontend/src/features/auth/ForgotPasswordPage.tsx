import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { messageOf } from "@/api/client";
import { requestPasswordReset } from "@/api/session";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

export function ForgotPasswordPage() {
  const form = useForm({ initialValues: { email: "" } });
  const ask = useMutation({ mutationFn: requestPasswordReset });
  return (
    <AuthFrame title={t`Forgot your password?`} lead={t`We send a link to your address that lets you choose a new one.`}>
      {ask.isSuccess ? (
        <Note>
          <Trans>If {form.values.email} has an account, a mail is on its way. The link in it works once. No mail? Ask the
          person who runs this server.</Trans>
        </Note>
      ) : (
        <form onSubmit={form.onSubmit(({ email }) => ask.mutate(email))} className={classes.fields}>
          {ask.isError ? <Note care>{messageOf(ask.error)}</Note> : null}
          <TextInput label={t`Email`} type="email" autoComplete="username" required autoFocus size="md" {...form.getInputProps("email")} />
          <Button type="submit" size="md" loading={ask.isPending}>
            <Trans>Send the link</Trans>
          </Button>
        </form>
      )}
      <p className={classes.foot}>
        <Anchor component={Link} to="/sign-in" inherit>
          <Trans>Back to sign in</Trans>
        </Anchor>
      </p>
    </AuthFrame>
  );
}
