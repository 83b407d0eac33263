import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Autocomplete, Button, Drawer, Group, SegmentedControl, Select, Skeleton, Switch } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { fieldErrors, messageOf } from "@/api/client";
import { modelsQuery } from "@/api/models";
import { launchRound, roundDefaultsQuery, roundSchemaQuery } from "@/api/rounds";
import type { Project } from "@/api/types";
import { Fold } from "@/components/Fold";
import { MemoryLine } from "@/components/MemoryLine";
import { NumberText } from "@/components/NumberText";
import { SchemaForm } from "@/components/SchemaForm";
import { StartFrom } from "@/components/StartFrom";
import { Failure, Note } from "@/components/States";
import { check, fieldsOf, type Field, type Values } from "@/lib/jsonSchema";
import { startFrom } from "@/lib/presets";
import { isMethod, KIND_NAMES, METHOD_WORDS, METHODS } from "@/lib/runKinds";
import { isRecord, text } from "@/lib/shapes";

interface Props {
  project: Project;
  opened: boolean;
  onClose: () => void;
}

export function LaunchRound({ project, opened, onClose }: Props) {
  const schema = useQuery({ ...roundSchemaQuery, enabled: opened });
  const defaults = useQuery({ ...roundDefaultsQuery(project.slug), enabled: opened });
  const failed = schema.error ?? defaults.error;
  return (
    <Drawer opened={opened} onClose={onClose} title={t`Launch a round`} size="lg">
      {failed ? (
        <Failure
          what={t`The form could not be read.`}
          error={failed}
          retry={() => {
            void schema.refetch();
            void defaults.refetch();
          }}
        />
      ) : schema.data && defaults.data ? (
        <RoundForm project={project} fields={fieldsOf(schema.data)} start={defaults.data} onClose={onClose} />
      ) : (
        <Skeleton height={360} />
      )}
    </Drawer>
  );
}

/** Asked for by hand, above the hyperparameters. */
const OWN = new Set(["policy", "base", "judgments", "method", "promote", "continue_with_next"]);

interface FormProps {
  project: Project;
  fields: readonly Field[];
  start: Values;
  onClose: () => void;
}

function RoundForm({ project, fields, start, onClose }: FormProps) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [values, setValues] = useState<Values>(start);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const models = useQuery(modelsQuery(project.slug));
  const language = (models.data?.results ?? [])
    .filter((model) => model.kind !== "reward" && model.stage !== "retired")
    .map((model) => model.ref);
  const launch = useMutation({
    mutationFn: () => launchRound(project.slug, values),
    onSuccess: async (round) => {
      await client.invalidateQueries({ queryKey: ["project", project.slug, "rounds"] });
      await navigate({ to: "/p/$slug/rounds/$number", params: { slug: project.slug, number: String(round.number) } });
    },
    onError: (error) => setErrors(fieldErrors(error)),
  });
  const change = (next: Values) => {
    setValues(next);
    // Once it has complained, the form follows what is typed.
    if (Object.keys(errors).length > 0) setErrors(check(fields, next));
  };
  const set = (name: string) => (value: unknown) => change({ ...values, [name]: value });
  const describe = (name: string) => fields.find((field) => field.name === name)?.description;
  const pick = (settings: Partial<Record<string, Values>>) => {
    const next = { ...values };
    for (const field of fields) {
      const own = settings[field.name];
      const had = values[field.name];
      if (own && field.type === "group") next[field.name] = startFrom(field.fields, isRecord(had) ? had : {}, own);
    }
    change(next);
  };
  const method = isMethod(values.method) ? values.method : "dpo";
  const advanced = fields.filter((field) => !OWN.has(field.name) && (field.name === method || !isMethod(field.name)));
  const foldedError = Object.keys(errors).some((path) => !OWN.has(path));
  const submit = () => {
    const problems = check(fields, values);
    setErrors(problems);
    if (Object.keys(problems).length === 0) launch.mutate();
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      style={{ display: "grid", gap: 16 }}
    >
      {launch.isError ? <Note care>{messageOf(launch.error)}</Note> : null}
      <div>
        <SegmentedControl
          aria-label={t`Method`}
          fullWidth
          value={method}
          onChange={set("method")}
          data={METHODS.map((value) => ({ value, label: KIND_NAMES[value] }))}
        />
        <p style={{ margin: "6px 0 0", color: "var(--pl-muted)", fontSize: 13 }}>
          {METHOD_WORDS[method]}
        </p>
      </div>
      <StartFrom kinds={["reward", method]} onPick={pick} />
      <Autocomplete
        label={t`Policy`}
        description={describe("policy")}
        required
        data={language}
        value={text(values.policy) ?? ""}
        onChange={(value) => set("policy")(value || null)}
        error={errors.policy}
      />
      <NumberText
        label={t`Judgments`}
        description={describe("judgments")}
        required
        value={values.judgments}
        onChange={set("judgments")}
        error={errors.judgments}
        w={200}
      />
      <Autocomplete
        label={t`Base`}
        description={describe("base")}
        data={language}
        value={text(values.base) ?? ""}
        onChange={(value) => set("base")(value || null)}
        error={errors.base}
      />
      <Select
        label={t`Promote the new policy`}
        data={[
          { value: "when_better", label: t`When it is better` },
          { value: "always", label: t`Always` },
          { value: "never", label: t`Never` },
        ]}
        allowDeselect={false}
        value={text(values.promote) ?? "when_better"}
        onChange={set("promote")}
        w={260}
      />
      <Switch
        label={t`Go on with the next round`}
        description={describe("continue_with_next")}
        checked={values.continue_with_next === true}
        onChange={(event) => set("continue_with_next")(event.currentTarget.checked)}
      />
      <Fold key={foldedError ? "open" : "folded"} title={t`Hyperparameters`} startOpen={foldedError}>
        <SchemaForm fields={advanced} values={values} onChange={change} errors={errors} />
      </Fold>
      <MemoryLine slug={project.slug} what="rounds" spec={values} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" loading={launch.isPending}>
          <Trans>Launch the round</Trans>
        </Button>
      </Group>
    </form>
  );
}
