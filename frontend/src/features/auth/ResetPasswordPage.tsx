import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";

import { LinkButton } from "@/components/LinkButton";

import { fieldErrors, messageOf } from "@/api/client";
import { confirmPasswordReset } from "@/api/session";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

export function ResetPasswordPage() {
  const { uid, token } = useSearch({ from: "/reset-password" });
  const form = useForm({
    initialValues: { password: "", again: "" },
    validate: { again: (value, values) => (value === values.password ? null : t`The two passwords differ.`) },
  });
  const change = useMutation({
    mutationFn: confirmPasswordReset,
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  if (!uid || !token) {
    return (
      <AuthFrame title={t`This link is not complete`} lead={t`Open the link from the mail again, or ask for a new one.`}>
        <LinkButton to="/forgot-password">
          <Trans>Ask for a new link</Trans>
        </LinkButton>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t`Choose a new password`} lead={t`At least 10 characters.`}>
      {change.isSuccess ? (
        <div className={classes.fields}>
          <Note><Trans>Your password is changed.</Trans></Note>
          <LinkButton to="/sign-in" size="md">
            <Trans>Sign in</Trans>
          </LinkButton>
        </div>
      ) : (
        <form
          onSubmit={form.onSubmit(({ password }) => change.mutate({ uid, token, password }))}
          className={classes.fields}
        >
          {change.isError ? (
            <Note care>
              {messageOf(change.error)}{" "}
              <Anchor component={Link} to="/forgot-password" inherit>
                <Trans>Ask for a new link</Trans>
              </Anchor>
            </Note>
          ) : null}
          <PasswordInput label={t`New password`} autoComplete="new-password" required minLength={10} autoFocus size="md" {...form.getInputProps("password")} />
          <PasswordInput label={t`Once more`} autoComplete="new-password" required size="md" {...form.getInputProps("again")} />
          <Button type="submit" size="md" loading={change.isPending}>
            <Trans>Change the password</Trans>
          </Button>
        </form>
      )}
    </AuthFrame>
  );
}
