import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { fieldErrors, messageOf } from "@/api/client";
import { createProject, projectsQuery } from "@/api/projects";
import { Note } from "@/components/States";

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function CreateProject({ opened, onClose }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: "", description: "", guidelines: "", overlap: 1 } });
  const create = useMutation({
    mutationFn: createProject,
    onSuccess: async (project) => {
      await client.invalidateQueries(projectsQuery);
      form.reset();
      await navigate({ to: "/p/$slug", params: { slug: project.slug } });
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t`Create a project`} size="lg">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))} style={{ display: "grid", gap: 16 }}>
        {create.isError ? <Note care>{messageOf(create.error)}</Note> : null}
        <TextInput label={t`Name`} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
        <TextInput
          label={t`Description`}
          description={t`One line that tells an annotator what this is about.`}
          {...form.getInputProps("description")}
        />
        <Textarea
          label={t`Guidelines`}
          description={t`How to judge, in Markdown. Every judgment names the version it was made under.`}
          autosize
          minRows={4}
          maxRows={12}
          {...form.getInputProps("guidelines")}
        />
        <NumberInput
          label={t`Judgments for each task`}
          description={t`More than one lets you measure how much people agree.`}
          min={1}
          max={100}
          allowDecimal={false}
          w={220}
          {...form.getInputProps("overlap")}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={create.isPending}>
            <Trans>Create the project</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
