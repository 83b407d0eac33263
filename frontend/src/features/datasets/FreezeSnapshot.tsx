import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { fieldErrors, messageOf } from "@/api/client";
import { freezeSnapshot, type Split } from "@/api/datasets";
import type { SnapshotCreate } from "@/api/types";
import { Note } from "@/components/States";
import { splitInText } from "@/lib/names";

interface Props {
  slug: string;
  opened: boolean;
  onClose: () => void;
}

const KINDS: { value: SnapshotCreate["kind"]; label: string; description: string }[] = [
  { value: "preferences", get label() { return t`Preferences`; }, get description() { return t`Chosen and rejected responses, for reward models and DPO.`; } },
  { value: "rankings", get label() { return t`Rankings`; }, get description() { return t`Whole rankings with their ties and strengths, for reward models.`; } },
  { value: "unpaired", get label() { return t`Good and bad`; }, get description() { return t`Replies judged good or bad by themselves, for KTO.`; } },
  { value: "prompts", get label() { return t`Prompts`; }, get description() { return t`Prompts alone, for a policy to answer during PPO, RLOO or GRPO.`; } },
  { value: "demonstrations", get label() { return t`Demonstrations`; }, get description() { return t`Responses written or edited by people, for SFT.`; } },
];
const SPLITS: Split[] = ["train", "validation", "test"];

export function FreezeSnapshot({ slug, opened, onClose }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<{ kind: SnapshotCreate["kind"]; name: string; splits: Split[] }>({
    initialValues: { kind: "preferences", name: "", splits: SPLITS },
    validate: { splits: (value) => (value.length ? null : t`Choose at least one split.`) },
  });
  const freeze = useMutation({
    mutationFn: (body: SnapshotCreate) => freezeSnapshot(slug, body),
    onSuccess: async (snapshot) => {
      await client.invalidateQueries({ queryKey: ["project", slug, "snapshots"] });
      await navigate({ to: "/p/$slug/datasets/$snapshotId", params: { slug, snapshotId: String(snapshot.id) } });
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t`Freeze a snapshot`}>
      <form onSubmit={form.onSubmit((values) => freeze.mutate(values))} style={{ display: "grid", gap: 20 }}>
        {freeze.isError ? <Note care>{messageOf(freeze.error)}</Note> : null}
        <Radio.Group label={t`What to freeze`} {...form.getInputProps("kind")}>
          <Stack gap="xs" mt="xs">
            {KINDS.map((kind) => (
              <Radio key={kind.value} {...kind} />
            ))}
          </Stack>
        </Radio.Group>
        <TextInput label={t`Name`} description={t`For you; it may stay empty.`} maxLength={200} {...form.getInputProps("name")} />
        <Checkbox.Group
          label={t`Splits`}
          description={t`Prompts belong to one split for good, so nothing leaks between them.`}
          {...form.getInputProps("splits")}
        >
          <Group mt="xs">
            {SPLITS.map((split) => (
              <Checkbox key={split} value={split} label={splitInText(split)} />
            ))}
          </Group>
        </Checkbox.Group>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={freeze.isPending}>
            <Trans>Freeze</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
