import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { fieldErrors, messageOf } from "@/api/client";
import { sessionQuery, setUp } from "@/api/session";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

export function SetupPage() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { key } = useSearch({ from: "/setup" });
  const form = useForm({ initialValues: { name: "", email: "", password: "", setup_key: key ?? "" } });
  const create = useMutation({
    mutationFn: setUp,
    onSuccess: async (session) => {
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: "/", search: { create: true } });
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <AuthFrame title={t`Set up Plumbline`} lead={t`You are the first one here. This account may create projects and invite others.`}>
      <form onSubmit={form.onSubmit((values) => create.mutate(values))} className={classes.fields}>
        {create.isError ? <Note care>{messageOf(create.error)}</Note> : null}
        <TextInput label={t`Name`} autoComplete="name" required autoFocus size="md" {...form.getInputProps("name")} />
        <TextInput label={t`Email`} type="email" autoComplete="username" required size="md" {...form.getInputProps("email")} />
        <PasswordInput
          label={t`Password`}
          description={t`At least 10 characters.`}
          autoComplete="new-password"
          required
          minLength={10}
          size="md"
          {...form.getInputProps("password")}
        />
        <TextInput
          label={t`Setup key`}
          description={t`Printed by the server when it started; it proves that this install is yours.`}
          autoComplete="off"
          required
          size="md"
          {...form.getInputProps("setup_key")}
        />
        <Button type="submit" size="md" loading={create.isPending}>
          <Trans>Create the account</Trans>
        </Button>
      </form>
    </AuthFrame>
  );
}
