import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { registerModel } from "@/api/models";
import type { Model } from "@/api/types";
import { Note } from "@/components/States";

interface Props {
  slug: string;
  opened: boolean;
  onClose: () => void;
}

export function RegisterModel({ slug, opened, onClose }: Props) {
  const client = useQueryClient();
  const form = useForm<{ name: string; kind: Model["kind"]; source: string }>({
    initialValues: { name: "base", kind: "base", source: "" },
  });
  const register = useMutation({
    mutationFn: (values: typeof form.values) => registerModel(slug, values),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", slug, "models"] });
      form.reset();
      onClose();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t`Register a model`}>
      <form onSubmit={form.onSubmit((values) => register.mutate(values))} style={{ display: "grid", gap: 16 }}>
        {register.isError ? <Note care>{messageOf(register.error)}</Note> : null}
        <TextInput
          label={t`Source`}
          description={t`A hub name, or a folder that the server and its workers can read.`}
          required
          data-autofocus
          {...form.getInputProps("source")}
        />
        <TextInput
          label={t`Name`}
          description={t`Versions are numbered under it: name@1, name@2.`}
          required
          {...form.getInputProps("name")}
        />
        <Select
          label={t`Kind`}
          allowDeselect={false}
          data={[
            { value: "base", label: t`Base` },
            { value: "policy", label: t`Policy` },
            { value: "reward", label: t`Reward model` },
          ]}
          {...form.getInputProps("kind")}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={register.isPending}>
            <Trans>Register</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
