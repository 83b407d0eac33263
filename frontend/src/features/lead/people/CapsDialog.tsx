import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal, NumberInput, Select, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { setCaps } from "@/api/people";
import { queueRulesQuery } from "@/api/tasks";
import type { Caps, Member, Project } from "@/api/types";
import { Failure } from "@/components/States";
import { useAct } from "@/lib/useAct";

import { CAP_WORDS, capText, type CapName } from "./caps";
import classes from "./People.module.css";

interface Props {
  project: Project;
  member: Member | null;
  onClose: () => void;
}

/** How much one person may judge, instead of what the project allows. */
export function CapsDialog({ project, member, onClose }: Props) {
  return (
    <Modal opened={member !== null} onClose={onClose} title={member ? t`Caps of ${member.name}` : ""}>
      {member ? <OneMember project={project} member={member} onClose={onClose} /> : null}
    </Modal>
  );
}

function OneMember({ project, member, onClose }: { project: Project; member: Member; onClose: () => void }) {
  const rules = useQuery(queueRulesQuery(project.slug));
  if (rules.error) return <Failure what={t`The project's caps could not be read.`} error={rules.error} />;
  if (rules.isPending) return <Skeleton height={200} />;
  return <Form slug={project.slug} member={member} own={member.caps ?? {}} usual={rules.data.caps ?? {}} onClose={onClose} />;
}

interface FormProps {
  slug: string;
  member: Member;
  own: Caps;
  usual: Caps;
  onClose: () => void;
}

function Form({ slug, member, own, usual, onClose }: FormProps) {
  const [caps, setOwn] = useState<Caps>(own);
  const save = useAct(() => setCaps(slug, member.id, caps), {
    stale: [["project", slug, "members"]],
    failed: t`Not saved`,
    done: onClose,
  });
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      {(Object.keys(CAP_WORDS) as CapName[]).map((name) => (
        <OneCap
          key={name}
          name={name}
          value={caps[name]}
          usual={usual[name] ?? null}
          onChange={(next) => {
            const others = Object.fromEntries(Object.entries(caps).filter(([key]) => key !== name));
            setOwn(next === undefined ? others : { ...others, [name]: next });
          }}
        />
      ))}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" loading={save.isPending}>
          <Trans>Save</Trans>
        </Button>
      </Group>
    </form>
  );
}

interface CapProps {
  name: CapName;
  /** Left out: the project's. Null: none. */
  value: number | null | undefined;
  usual: number | null;
  onChange: (value: number | null | undefined) => void;
}

const START: Record<CapName, number> = { per_day: 100, in_total: 1000, batch_percent: 25 };

function OneCap({ name, value, usual, onChange }: CapProps) {
  const kind = value === undefined ? "usual" : value === null ? "none" : "own";
  return (
    <div className={classes.cap}>
      <Select
        label={CAP_WORDS[name]}
        allowDeselect={false}
        data={[
          { value: "usual", label: t`As everybody: ${capText(name, usual)}` },
          { value: "none", label: t`No cap` },
          { value: "own", label: t`A cap of their own` },
        ]}
        value={kind}
        onChange={(next) => onChange(next === "own" ? (usual ?? START[name]) : next === "none" ? null : undefined)}
      />
      {kind === "own" ? (
        <NumberInput
          aria-label={t`${CAP_WORDS[name]}, at most`}
          w={110}
          min={1}
          max={name === "batch_percent" ? 100 : 1_000_000}
          allowDecimal={false}
          value={value ?? 1}
          onChange={(next) => (typeof next === "number" ? onChange(next) : undefined)}
        />
      ) : null}
    </div>
  );
}
