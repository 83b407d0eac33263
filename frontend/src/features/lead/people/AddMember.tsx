import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { addMember } from "@/api/lead";
import type { Project, Role } from "@/api/types";
import { Note } from "@/components/States";
import { may } from "@/lib/permissions";

import { ROLE_OPTIONS } from "./roles";

interface Props {
  project: Project;
  opened: boolean;
  onClose: () => void;
}

export function AddMember({ project, opened, onClose }: Props) {
  const client = useQueryClient();
  const form = useForm<{ email: string; role: Role; fresh: boolean; name: string; password: string }>({
    initialValues: { email: "", role: "annotator", fresh: false, name: "", password: "" },
  });
  const add = useMutation({
    mutationFn: ({ email, role, fresh, name, password }: typeof form.values) =>
      addMember(project.slug, { email, role, ...(fresh ? { name, password } : {}) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", project.slug, "members"] });
      form.reset();
      onClose();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  const { fresh } = form.values;
  return (
    <Modal opened={opened} onClose={onClose} title={t`Add somebody`}>
      <form onSubmit={form.onSubmit((values) => add.mutate(values))} style={{ display: "grid", gap: 16 }}>
        {add.isError ? <Note care>{messageOf(add.error)}</Note> : null}
        <TextInput label={t`Email`} type="email" required data-autofocus {...form.getInputProps("email")} />
        <Select label={t`Role`} allowDeselect={false} data={ROLE_OPTIONS} {...form.getInputProps("role")} />
        {may(project, "project.edit") ? (
          <Switch
            label={t`Create the account`}
            description={t`For somebody who has none on this server yet. Give them the password yourself.`}
            {...form.getInputProps("fresh", { type: "checkbox" })}
          />
        ) : null}
        {fresh ? (
          <>
            <TextInput label={t`Name`} required {...form.getInputProps("name")} />
            <PasswordInput
              label={t`Password`}
              description={t`At least 10 characters.`}
              required
              minLength={10}
              autoComplete="new-password"
              {...form.getInputProps("password")}
            />
          </>
        ) : null}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={add.isPending}>
            <Trans>Add</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
