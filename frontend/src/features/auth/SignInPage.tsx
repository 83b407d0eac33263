import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { sessionQuery, signIn } from "@/api/session";
import type { Session } from "@/api/types";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";
import { CodeForm } from "./CodeForm";
import { landing } from "./landing";
import { Providers } from "./Providers";

/** What a provider's way back may say. */
const PROBLEMS: Record<string, string> = {
  get no_account() { return t`You have no account here yet: ask for an invitation.`; },
  get email_not_verified() { return t`Your provider has not checked your address: confirm it there, then try again.`; },
  get account_closed() { return t`This account is closed: ask the person who runs this server.`; },
  get provider_away() { return t`Your provider does not answer just now. Try again in a while.`; },
};

export function SignInPage() {
  const router = useRouter();
  const client = useQueryClient();
  const { next, problem } = useSearch({ from: "/sign-in" });
  const session = useQuery(sessionQuery);
  const [withPassword, setWithPassword] = useState(false);
  const form = useForm({ initialValues: { email: "", password: "" } });
  const enter = useMutation({
    mutationFn: signIn,
    onSuccess: async (answer: Session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, answer);
      setWithPassword(false);
      if (!answer.user) return;
      router.history.push(answer.second_factor === "to_set_up" ? "/second-factor" : (next ?? (await landing(client))));
    },
  });
  if (session.data?.second_factor === "needed" && !withPassword) {
    return (
      <CodeForm
        error={enter.error}
        busy={enter.isPending}
        onCode={(code) => enter.mutate({ code })}
        onBack={() => {
          enter.reset();
          setWithPassword(true);
        }}
      />
    );
  }
  return (
    <AuthFrame title={t`Sign in`} lead={next ? t`Then you go on where you were.` : t`With the account your team gave you.`}>
      <form onSubmit={form.onSubmit((values) => enter.mutate(values))} className={classes.fields}>
        {problem && enter.isIdle ? <Note care>{PROBLEMS[problem] ?? t`Your provider did not let you in. Try again, or sign in with your password.`}</Note> : null}
        {enter.isError ? <Note care>{messageOf(enter.error)}</Note> : null}
        <TextInput
          label={t`Email`}
          type="email"
          autoComplete="username"
          required
          autoFocus
          size="md"
          {...form.getInputProps("email")}
        />
        <PasswordInput
          label={t`Password`}
          autoComplete="current-password"
          required
          size="md"
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={enter.isPending}>
          <Trans>Sign in</Trans>
        </Button>
        <Providers next={next ?? "/"} />
      </form>
      <p className={classes.foot}>
        <Anchor component={Link} to="/forgot-password" inherit>
          <Trans>Forgot your password?</Trans>
        </Anchor>
      </p>
    </AuthFrame>
  );
}
