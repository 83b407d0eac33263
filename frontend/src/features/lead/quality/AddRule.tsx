import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, NumberInput, Select } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { addRule, type NewRule } from "@/api/quality";
import { Note } from "@/components/States";

import { ACTION_WORDS, actionsOf, firesAbove, MEASURE_WORDS } from "./ruleWords";

interface Props {
  slug: string;
  opened: boolean;
  onClose: () => void;
}

const MEASURES = (Object.keys(MEASURE_WORDS) as NewRule["measure"][]).map((value) => ({ value, get label() { return MEASURE_WORDS[value]; } }));

export function AddRule({ slug, opened, onClose }: Props) {
  const client = useQueryClient();
  const form = useForm<NewRule>({
    initialValues: { measure: "gold_accuracy", action: "pause", threshold: 0.7, min_num: 10 },
  });
  const add = useMutation({
    mutationFn: (rule: NewRule) => addRule(slug, rule),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", slug, "quality", "rules"] });
      form.reset();
      onClose();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  const { measure } = form.values;
  return (
    <Modal opened={opened} onClose={onClose} title={t`Add a rule`}>
      <form onSubmit={form.onSubmit((rule) => add.mutate(rule))} style={{ display: "grid", gap: 16 }}>
        {add.isError ? <Note care>{messageOf(add.error)}</Note> : null}
        <Select
          label={t`When this`}
          allowDeselect={false}
          data={MEASURES}
          {...form.getInputProps("measure")}
          onChange={(next) => {
            const chosen = MEASURES.find((one) => one.value === next)?.value;
            if (chosen) form.setValues({ measure: chosen, action: actionsOf(chosen)[0] ?? "notify" });
          }}
        />
        <Group grow align="flex-start">
          <NumberInput
            label={firesAbove(measure) ? t`Is above` : t`Is below`}
            description={t`From 0 to 1.`}
            min={0}
            max={1}
            step={0.05}
            decimalScale={3}
            required
            {...form.getInputProps("threshold")}
          />
          <NumberInput
            label={t`From so many`}
            description={t`Fewer answers prove nothing.`}
            min={measure === "task_agreement" ? 2 : 1}
            allowDecimal={false}
            required
            {...form.getInputProps("min_num")}
          />
        </Group>
        <Select
          label={t`Then`}
          allowDeselect={false}
          data={actionsOf(measure).map((value) => ({ value, label: ACTION_WORDS[value] }))}
          {...form.getInputProps("action")}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={add.isPending}>
            <Trans>Add the rule</Trans>
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
