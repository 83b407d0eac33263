import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, Select, Skeleton, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { createTeam, deleteTeam, everyMemberQuery, joinTeam, leaveTeam, teamMembersQuery, teamsQuery } from "@/api/people";
import type { Project, Team } from "@/api/types";
import { Ago } from "@/components/Ago";
import { LinkButton } from "@/components/LinkButton";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import classes from "./People.module.css";

/** People who belong together: a shift, a language, a vendor. */
export function Teams({ project }: { project: Project }) {
  const { slug } = project;
  const { open } = useSearch({ from: "/signedIn/p/$slug/people" });
  const navigate = useNavigate({ from: "/p/$slug/people" });
  const teams = useQuery(teamsQuery(slug));
  const manages = may(project, "members.manage");
  const show = (id: number | undefined) => void navigate({ search: (old) => ({ ...old, open: id }), resetScroll: false });
  const shown = teams.data?.find((team) => team.id === open);
  return (
    <>
      {manages ? <NewTeam slug={slug} /> : null}
      {teams.isPending ? (
        <TableSkeleton columns={3} />
      ) : teams.isError ? (
        <Failure what={t`The teams could not be read.`} error={teams.error} retry={() => void teams.refetch()} />
      ) : teams.data.length === 0 ? (
        <Empty title={t`There are no teams.`}><Trans>A team groups people: filter members by it, and invite straight into it.</Trans></Empty>
      ) : (
        <Table label={t`Teams`} columns={columnsFor(slug, manages, show)} rows={teams.data} keyOf={(team) => team.id} />
      )}
      <Drawer opened={shown !== undefined} onClose={() => show(undefined)} size={560} title={shown?.name ?? ""}>
        {shown ? <TeamPeople slug={slug} team={shown} manages={manages} /> : null}
      </Drawer>
    </>
  );
}

function NewTeam({ slug }: { slug: string }) {
  const [name, setName] = useState("");
  const create = useAct(() => createTeam(slug, name.trim()), {
    stale: [["project", slug, "teams"]],
    failed: t`Not made`,
    done: () => setName(""),
  });
  return (
    <form
      className={classes.inline}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) create.mutate(undefined);
      }}
    >
      <TextInput aria-label={t`Name of a new team`} placeholder={t`Name of a new team`} maxLength={200} w={240} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" variant="default" disabled={!name.trim()} loading={create.isPending}>
        <Trans>Make the team</Trans>
      </Button>
    </form>
  );
}

const columnsFor = (slug: string, manages: boolean, onShow: (id: number) => void): Column<Team>[] => [
  { name: t`Team`, cell: (team) => team.name },
  { name: t`People`, number: true, cell: (team) => count(team.num_members) },
  { name: t`Since`, cell: (team) => <Ago at={team.created_at} /> },
  {
    name: t`Actions`,
    hidden: true,
    number: true,
    cell: (team) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => onShow(team.id)} title={t`People of ${team.name}`}>
          <Trans>Its people</Trans>
        </Button>
        <LinkButton variant="subtle" color="gray" size="compact-xs" to="/p/$slug/people" params={{ slug }} search={{ team: team.id }} title={t`Members in ${team.name}`}>
          <Trans>As a list</Trans>
        </LinkButton>
        {manages ? <DeleteTeam slug={slug} team={team} /> : null}
      </Group>
    ),
  },
];

function DeleteTeam({ slug, team }: { slug: string; team: Team }) {
  const remove = useAct(() => deleteTeam(slug, team.id), { stale: [["project", slug, "teams"]], failed: t`Not deleted` });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={remove.isPending}
      onClick={() => remove.mutate(undefined)}
      aria-label={t`Delete ${team.name}; its people stay`}
    >
      <Trans>Delete</Trans>
    </Button>
  );
}

function TeamPeople({ slug, team, manages }: { slug: string; team: Team; manages: boolean }) {
  const people = useQuery(teamMembersQuery(slug, team.id));
  const members = useQuery(everyMemberQuery(slug));
  const stale = [["project", slug, "teams"]];
  const join = useAct((user: number) => joinTeam(slug, team.id, user), { stale, failed: t`Not added` });
  const leave = useAct((user: number) => leaveTeam(slug, team.id, user), { stale, failed: t`Not removed` });
  if (people.isPending) return <Skeleton height={200} />;
  if (people.isError) return <Failure what={t`The team could not be read.`} error={people.error} retry={() => void people.refetch()} />;
  const inside = new Set(people.data.map(({ user }) => user));
  const outside = new Map((members.data ?? []).filter(({ user }) => !inside.has(user)).map(({ user, name }) => [user, name]));
  return (
    <div className={classes.form}>
      {manages ? (
        <Select
          label={t`Add somebody`}
          placeholder={t`Name`}
          searchable
          value={null}
          disabled={join.isPending}
          nothingFoundMessage={t`Everybody is in it already.`}
          data={[...outside].map(([user, name]) => ({ value: String(user), label: name }))}
          onChange={(user) => (user === null ? undefined : join.mutate(Number(user)))}
        />
      ) : null}
      {people.data.length === 0 ? (
        <Empty title={t`Nobody is in it yet.`}><Trans>Add members, or invite into it by a link.</Trans></Empty>
      ) : (
        <Table
          label={t`People of ${team.name}`}
          rows={people.data}
          keyOf={(person) => person.id}
          columns={[
            { name: t`Name`, cell: (person) => person.name },
            { name: t`Email`, cell: (person) => <Quiet>{person.email}</Quiet> },
            ...(manages
              ? [
                  {
                    name: t`Actions`,
                    hidden: true,
                    number: true,
                    cell: (person: { user: number; name: string }) => (
                      <Button
                        variant="subtle"
                        color="gray"
                        size="compact-xs"
                        loading={leave.isPending && leave.variables === person.user}
                        onClick={() => leave.mutate(person.user)}
                        title={t`Take ${person.name} out`}
                      >
                        <Trans>Take out</Trans>
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
    </div>
  );
}
