import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Group, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { fieldErrors, messageOf } from "@/api/client";
import { createInvitation, teamsQuery, type NewInvitation } from "@/api/people";
import type { Project, Role } from "@/api/types";
import { CopyOnce } from "@/components/CopyOnce";
import { Note } from "@/components/States";

import classes from "./People.module.css";
import { ROLE_OPTIONS } from "./roles";

interface Props {
  project: Project;
  opened: boolean;
  onClose: () => void;
}

const WHO = [
  { value: "one", get label() { return t`One person, whoever has the link`; } },
  { value: "address", get label() { return t`One address only`; } },
  { value: "many", get label() { return t`So many people`; } },
  { value: "any", get label() { return t`Anybody who has the link`; } },
] as const;

type Who = (typeof WHO)[number]["value"];

interface Values {
  roles: Role[];
  who: Who;
  email: string;
  maxUses: number;
  team: string | null;
  days: number;
}

const START: Values = { roles: ["annotator"], who: "one", email: "", maxUses: 10, team: null, days: 14 };

export function Invite({ project, opened, onClose }: Props) {
  const { slug } = project;
  const client = useQueryClient();
  const teams = useQuery({ ...teamsQuery(slug), enabled: opened });
  const form = useForm<Values>({ initialValues: START });
  const create = useMutation({
    mutationFn: (values: Values) => createInvitation(slug, bodyOf(values)),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", slug, "invitations"] }),
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  const close = () => {
    create.reset();
    form.reset();
    onClose();
  };
  const { who } = form.values;
  return (
    <Modal opened={opened} onClose={close} title={t`Invite by link`}>
      {create.data ? (
        <div className={classes.form}>
          <CopyOnce
            label={t`The link`}
            description={t`Copy it now, it is not shown again. A crowd platform may append its worker's id to it.`}
            value={create.data.url}
          />
          <Group justify="flex-end">
            <Button onClick={close}><Trans>Done</Trans></Button>
          </Group>
        </div>
      ) : (
        <form className={classes.form} onSubmit={form.onSubmit((values) => create.mutate(values))}>
          {create.isError ? <Note care>{messageOf(create.error)}</Note> : null}
          <Checkbox.Group label={t`As`} {...form.getInputProps("roles")}>
            <div className={classes.checks}>
              {ROLE_OPTIONS.map(({ value, label }) => (
                <Checkbox key={value} value={value} label={label} />
              ))}
            </div>
          </Checkbox.Group>
          <Select label={t`For`} allowDeselect={false} data={[...WHO]} {...form.getInputProps("who")} />
          {who === "address" ? <TextInput label={t`Email`} type="email" required {...form.getInputProps("email")} /> : null}
          {who === "many" ? <NumberInput label={t`How many`} min={1} max={1_000_000} allowDecimal={false} required {...form.getInputProps("maxUses")} /> : null}
          {teams.data?.length ? (
            <Select
              label={t`Into the team`}
              placeholder={t`None`}
              clearable
              data={teams.data.map((team) => ({ value: String(team.id), label: team.name }))}
              {...form.getInputProps("team")}
            />
          ) : null}
          <NumberInput label={t`Days until it expires`} min={1} max={365} allowDecimal={false} required {...form.getInputProps("days")} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" loading={create.isPending} disabled={form.values.roles.length === 0}>
              <Trans>Make the link</Trans>
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}

function bodyOf({ roles, who, email, maxUses, team, days }: Values): NewInvitation {
  return {
    roles,
    days,
    max_uses: who === "any" ? null : who === "many" ? maxUses : 1,
    ...(who === "address" ? { email } : {}),
    ...(team ? { team: Number(team) } : {}),
  };
}
