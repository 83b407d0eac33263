import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";

import { renameMe } from "@/api/account";
import { fieldErrors, messageOf } from "@/api/client";
import { sessionQuery } from "@/api/session";
import { Note } from "@/components/States";

export function ProfileForm() {
  const client = useQueryClient();
  const { data } = useSuspenseQuery(sessionQuery);
  const form = useForm({ initialValues: { name: data.user?.name ?? "" } });
  const save = useMutation({
    mutationFn: renameMe,
    onSuccess: async () => {
      form.resetDirty();
      await client.invalidateQueries(sessionQuery);
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <form onSubmit={form.onSubmit(({ name }) => save.mutate(name))} style={{ display: "grid", gap: 16, maxWidth: 400 }}>
      {save.isError ? <Note care>{messageOf(save.error)}</Note> : null}
      <TextInput label={t`Email`} value={data.user?.email ?? ""} variant="unstyled" readOnly />
      <TextInput label={t`Name`} required maxLength={200} {...form.getInputProps("name")} />
      <div>
        <Button type="submit" variant="default" loading={save.isPending} disabled={!form.isDirty()}>
          <Trans>Save the name</Trans>
        </Button>
      </div>
    </form>
  );
}
