import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, Select, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { fieldErrors, messageOf } from "@/api/client";
import { snapshotsQuery } from "@/api/datasets";
import { modelsQuery } from "@/api/models";
import { launchRun, runKindsQuery } from "@/api/runs";
import type { Model, Project, RunKind, Snapshot } from "@/api/types";
import { Fold } from "@/components/Fold";
import { MemoryLine } from "@/components/MemoryLine";
import { SchemaForm, type Sources } from "@/components/SchemaForm";
import { StartFrom } from "@/components/StartFrom";
import { Failure, Note } from "@/components/States";
import { changed, check, defaultsOf, fieldsOf, type Field, type Values } from "@/lib/jsonSchema";
import { startFrom } from "@/lib/presets";
import { KIND_GROUPS, KIND_NAMES, KINDS, SNAPSHOT_KINDS } from "@/lib/runKinds";
import { isRecord, text } from "@/lib/shapes";
import { SNAPSHOT_KINDS_IN_TEXT } from "@/lib/names";

import { FIRST_FIELDS } from "./firstFields";

interface Props {
  project: Project;
  /** The kind whose form is open; null while the drawer is closed. */
  kind: RunKind | null;
  onKind: (kind: RunKind) => void;
  onClose: () => void;
}

export function LaunchRun({ project, kind, onKind, onClose }: Props) {
  const chosen = kind ?? "sft";
  const schemas = useQuery({ ...runKindsQuery, enabled: kind !== null });
  const schema = schemas.data?.[chosen];
  return (
    <Drawer opened={kind !== null} onClose={onClose} title={t`Launch a run`} size="xl">
      <Select
        label={t`Kind of run`}
        mb="md"
        allowDeselect={false}
        value={chosen}
        onChange={(value) => onKind(KINDS.find((one) => one === value) ?? "sft")}
        data={KIND_GROUPS.map(({ group, items }) => ({ group, items: items.map((value) => ({ value, label: KIND_NAMES[value] })) }))}
      />
      {schemas.isError ? (
        <Failure what={t`The form could not be read.`} error={schemas.error} retry={() => void schemas.refetch()} />
      ) : schema ? (
        <RunForm key={chosen} project={project} kind={chosen} schema={schema} onClose={onClose} />
      ) : (
        <Skeleton height={320} />
      )}
    </Drawer>
  );
}

interface FormProps {
  project: Project;
  kind: RunKind;
  schema: unknown;
  onClose: () => void;
}

function RunForm({ project, kind, schema, onClose }: FormProps) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const fields = fieldsOf(schema);
  const [values, setValues] = useState<Values>(() => defaultsOf(fields));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const models = useQuery(modelsQuery(project.slug));
  const snapshots = useQuery(snapshotsQuery(project.slug));
  const sources = sourcesFrom(kind, models.data?.results ?? [], snapshots.data?.results ?? []);
  const launch = useMutation({
    mutationFn: (spec: Values) => launchRun(project.slug, spec),
    onSuccess: async (run) => {
      await client.invalidateQueries({ queryKey: ["project", project.slug, "runs"] });
      await navigate({ to: "/p/$slug/runs/$runId", params: { slug: project.slug, runId: String(run.id) } });
    },
    onError: (error) => setErrors(fieldErrors(error)),
  });
  const submit = () => {
    const problems = check(fields, values);
    setErrors(problems);
    if (Object.keys(problems).length === 0) launch.mutate({ kind, ...changed(fields, values) });
  };
  const first = FIRST_FIELDS.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const rest: Field[] = fields.filter((field) => !FIRST_FIELDS.includes(field.name));
  const change = (next: Values) => {
    setValues(next);
    // Once it has complained, the form follows what is typed.
    if (Object.keys(errors).length > 0) setErrors(check(fields, next));
  };
  const form = { values, onChange: change, errors, sources };
  const foldedError = Object.keys(errors).some((path) => !FIRST_FIELDS.includes(path.split(".")[0] ?? ""));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      noValidate
      style={{ display: "grid", gap: 16 }}
    >
      <p style={{ margin: 0, color: "var(--pl-muted)" }}>{isRecord(schema) ? text(schema.description) : null}</p>
      <StartFrom kinds={[kind]} onPick={(settings) => change(startFrom(fields, values, settings[kind] ?? {}))} />
      {launch.isError ? <Note care>{messageOf(launch.error)}</Note> : null}
      <SchemaForm fields={first} {...form} />
      <Fold key={foldedError ? "open" : "folded"} title={t`All hyperparameters`} startOpen={foldedError}>
        <SchemaForm fields={rest} {...form} />
      </Fold>
      <MemoryLine slug={project.slug} what="runs" spec={{ kind, ...changed(fields, values) }} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" loading={launch.isPending}>
          <Trans>Launch {KIND_NAMES[kind]}</Trans>
        </Button>
      </Group>
    </form>
  );
}

function snapshotTitle({ name, kind, num_rows }: Snapshot): string {
  const rows = Object.values(num_rows).reduce((a, b) => a + b, 0);
  return `${name || SNAPSHOT_KINDS_IN_TEXT[kind]} · ${plural(rows, { one: "# rows", other: "# rows" })}`;
}

function sourcesFrom(kind: RunKind, models: readonly Model[], snapshots: readonly Snapshot[]): Sources {
  const usable = models.filter((model) => model.stage !== "retired");
  const language = usable.filter((model) => model.kind !== "reward").map((model) => model.ref);
  const wanted = SNAPSHOT_KINDS[kind] ?? [];
  return {
    suggestions: {
      model: language,
      baselines: language,
      critic_from: usable.filter((model) => model.critic_files.length > 0).map((model) => model.ref),
      reward_model: usable.filter((model) => model.kind === "reward").map((model) => model.ref),
    },
    ids: {
      snapshot: snapshots
        .filter((snapshot) => wanted.includes(snapshot.kind))
        .map((snapshot) => ({
          id: snapshot.id,
          title: snapshotTitle(snapshot),
        })),
    },
  };
}
