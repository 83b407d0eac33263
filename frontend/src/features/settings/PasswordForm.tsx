import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";

import { changePassword } from "@/api/account";
import { fieldErrors, messageOf } from "@/api/client";
import { Note } from "@/components/States";

export function PasswordForm() {
  const form = useForm({ initialValues: { old: "", new: "" } });
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => form.reset(),
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))} style={{ display: "grid", gap: 16, maxWidth: 400 }}>
      {change.isError ? <Note care>{messageOf(change.error)}</Note> : null}
      {change.isSuccess ? <Note><Trans>Your password is changed.</Trans></Note> : null}
      <PasswordInput label={t`Password now`} required autoComplete="current-password" {...form.getInputProps("old")} />
      <PasswordInput
        label={t`New password`}
        description={t`At least 10 characters.`}
        required
        minLength={10}
        autoComplete="new-password"
        {...form.getInputProps("new")}
      />
      <div>
        <Button type="submit" variant="default" loading={change.isPending}>
          <Trans>Change the password</Trans>
        </Button>
      </div>
    </form>
  );
}
