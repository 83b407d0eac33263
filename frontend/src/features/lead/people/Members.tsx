import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { removeMember } from "@/api/lead";
import { everyRow } from "@/api/paging";
import { membersListQuery, readMembers, teamsQuery, type MemberFilter } from "@/api/people";
import type { Member, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { FilterSelect } from "@/components/FilterSelect";
import { LinkButton } from "@/components/LinkButton";
import { Listing } from "@/components/Listing";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";
import { ROLES_IN_TEXT } from "@/lib/names";

import { AddMember } from "./AddMember";
import { ownCapsText } from "./caps";
import { CapsDialog } from "./CapsDialog";
import classes from "./People.module.css";
import { ROLE_WORDS, ROLES } from "./roles";

export function Members({ project }: { project: Project }) {
  const { slug } = project;
  const { role, search, team } = useSearch({ from: "/signedIn/p/$slug/people" });
  const navigate = useNavigate({ from: "/p/$slug/people" });
  const [opened, { open, close }] = useDisclosure(false);
  const [capping, setCapping] = useState<Member | null>(null);
  const teams = useQuery(teamsQuery(slug));
  const filter: MemberFilter = { ...(role ? { role } : {}), ...(search ? { search } : {}), ...(team ? { team } : {}) };
  const members = useInfiniteQuery(membersListQuery(slug, filter));
  const change = (next: MemberFilter) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const manages = may(project, "members.manage");
  const filtered = Object.keys(filter).length > 0;
  return (
    <>
      <Group gap="xs" mb="md">
        <TextInput
          type="search"
          aria-label={t`Name or email`}
          placeholder={t`Name or email`}
          w={200}
          value={search ?? ""}
          onChange={(event) => change({ search: event.currentTarget.value || undefined })}
        />
        <FilterSelect label={t`Role`} every={t`Every role`} width={150} options={ROLES} value={role} onChange={(next) => change({ role: next })} />
        <FilterSelect
          label={t`Team`}
          every={t`Every team`}
          width={170}
          options={(teams.data ?? []).map((one) => ({ value: String(one.id), label: one.name }))}
          value={team === undefined ? undefined : String(team)}
          onChange={(next) => change({ team: next === undefined ? undefined : Number(next) })}
        />
        <span className={classes.spacer} />
        {may(project, "quality.view") ? (
          <LinkButton size="xs" variant="default" to="/p/$slug/quality" params={{ slug }}>
            <Trans>Pause somebody</Trans>
          </LinkButton>
        ) : null}
        <DownloadCsv name="members" columns={CSV} rows={() => everyRow(readMembers(slug, filter))} />
        {manages ? (
          <Button size="xs" onClick={open}>
            <Trans>Add somebody</Trans>
          </Button>
        ) : null}
      </Group>
      <Listing
        query={members}
        failed={t`The members could not be read.`}
        columns={6}
        empty={
          <Empty
            title={filtered ? t`Nobody matches.` : t`Nobody is here yet.`}
            actions={
              filtered ? (
                <Button variant="default" onClick={() => change({ role: undefined, search: undefined, team: undefined })}>
                  <Trans>Show everybody</Trans>
                </Button>
              ) : manages ? (
                <Button onClick={open}><Trans>Add somebody</Trans></Button>
              ) : undefined
            }
          >
            {filtered ? t`Choose other filters.` : t`Annotators rank, leads set the rules, researchers train.`}
          </Empty>
        }
      >
        {(rows, more) => (
          <Table label={t`Members`} columns={columnsFor(project, setCapping)} rows={rows} keyOf={(member) => member.id} footer={more} />
        )}
      </Listing>
      <AddMember project={project} opened={opened} onClose={close} />
      <CapsDialog project={project} member={capping} onClose={() => setCapping(null)} />
    </>
  );
}

/** How much of what is hard to read somebody has looked at. */
const SEEN: Column<Member> = {
  get name() { return t`Risk-tagged seen`; },
  cell: ({ exposures_today: today, exposures_total: total }) =>
    total === null || today === null ? null : t`${count(today)} today, ${count(total)} in all`,
};

const columnsFor = (project: Project, onCap: (member: Member) => void): Column<Member>[] => [
  { name: t`Name`, cell: (member) => member.name },
  { name: t`Email`, cell: (member) => <Quiet>{member.email}</Quiet> },
  { name: t`Role`, cell: (member) => ROLE_WORDS[member.role] },
  { name: t`Caps`, cell: (member) => ownCapsText(member.caps) ?? <Quiet><Trans>as everybody</Trans></Quiet> },
  ...(project.risk_tags.length > 0 ? [SEEN] : []),
  { name: t`Since`, cell: (member) => (member.created_at ? <Ago at={member.created_at} /> : null) },
  {
    name: t`Actions`,
    hidden: true,
    number: true,
    cell: (member) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        {may(project, "queue.manage") ? (
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            onClick={() => onCap(member)}
            aria-label={t`Caps of ${member.name} as ${ROLES_IN_TEXT[member.role]}`}
          >
            <Trans>Caps</Trans>
          </Button>
        ) : null}
        {may(project, "members.manage") ? <Remove slug={project.slug} member={member} /> : null}
      </Group>
    ),
  },
];

function Remove({ slug, member }: { slug: string; member: Member }) {
  const remove = useAct(() => removeMember(slug, member.id), {
    stale: [["project", slug, "members"]],
    failed: t`Not removed`,
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={remove.isPending}
      onClick={() => remove.mutate(undefined)}
      aria-label={t`Remove ${member.name} as ${ROLES_IN_TEXT[member.role]}`}
    >
      <Trans>Remove</Trans>
    </Button>
  );
}

const CSV: CsvColumn<Member>[] = [
  ["user", (member) => member.user],
  ["name", (member) => member.name],
  ["email", (member) => member.email],
  ["role", (member) => member.role],
  ["risk_tagged_seen_today", (member) => member.exposures_today],
  ["risk_tagged_seen", (member) => member.exposures_total],
  ["since", (member) => member.created_at],
];
