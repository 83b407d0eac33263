import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { invitationsQuery, invitationUsesQuery, revokeInvitation } from "@/api/people";
import type { Project, ProjectInvitation } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { Listing } from "@/components/Listing";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { count, duration, secondsBetween } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";
import { useNow } from "@/lib/useNow";

import { Invite } from "./Invite";
import { invitationState } from "./invitationState";
import { ROLE_WORDS } from "./roles";

export function Invitations({ project }: { project: Project }) {
  const { slug } = project;
  const { invitation } = useSearch({ from: "/signedIn/p/$slug/people" });
  const navigate = useNavigate({ from: "/p/$slug/people" });
  const [opened, { open, close }] = useDisclosure(false);
  const invitations = useInfiniteQuery(invitationsQuery(slug));
  const now = useNow();
  const invite = may(project, "members.manage") ? (
    <Button size="xs" onClick={open}>
      <Trans>Invite by link</Trans>
    </Button>
  ) : null;
  const show = (id: number | undefined) => void navigate({ search: (old) => ({ ...old, invitation: id }), resetScroll: false });
  return (
    <>
      <Group justify="flex-end" mb="md">
        {invite}
      </Group>
      <Listing
        query={invitations}
        failed={t`The invitations could not be read.`}
        columns={5}
        empty={
          <Empty title={t`Nobody is invited.`} actions={invite}>
            <Trans>A link gives a role to whoever opens it: one person, one address, or a whole crowd.</Trans>
          </Empty>
        }
      >
        {(rows, more) => <Table label={t`Invitations`} columns={columnsFor(slug, now, show)} rows={rows} keyOf={(row) => row.id} footer={more} />}
      </Listing>
      <Invite project={project} opened={opened} onClose={close} />
      <Drawer opened={invitation !== undefined} onClose={() => show(undefined)} size={560} title={t`Who came by this link`}>
        {invitation === undefined ? null : <Uses slug={slug} id={invitation} />}
      </Drawer>
    </>
  );
}

function came({ num_uses, max_uses }: ProjectInvitation): string {
  const [by, most] = [count(num_uses ?? 0), max_uses == null ? t`any` : count(max_uses)];
  return t`${by} of ${most}`;
}

const columnsFor = (slug: string, now: Date, onShow: (id: number) => void): Column<ProjectInvitation>[] => [
  { name: t`Link`, cell: (row) => <span className="mono">{row.prefix}…</span> },
  { name: t`As`, cell: (row) => row.roles.map((role) => ROLE_WORDS[role]).join(", ") },
  { name: t`For`, cell: (row) => (row.email ? row.email : row.max_uses === null ? t`anybody` : <Quiet><Trans>whoever has it</Trans></Quiet>) },
  { name: t`Came`, number: true, cell: (row) => came(row) },
  {
    name: t`State`,
    cell: (row) => {
      const state = invitationState(row, now);
      if (state !== "open") return <Quiet>{{ revoked: t`Revoked`, expired: t`Expired`, used: t`Used up` }[state]}</Quiet>;
      return t`Open for ${duration(secondsBetween(now.toISOString(), row.expires_at))}`;
    },
  },
  { name: t`Made by`, cell: (row) => <Quiet>{row.created_by ?? "–"}</Quiet> },
  {
    name: t`Actions`,
    hidden: true,
    number: true,
    cell: (row) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => onShow(row.id)} aria-label={t`Who came by ${row.prefix}`}>
          <Trans>Who came</Trans>
        </Button>
        {invitationState(row, now) === "open" ? <Revoke slug={slug} row={row} /> : null}
      </Group>
    ),
  },
];

function Revoke({ slug, row }: { slug: string; row: ProjectInvitation }) {
  const revoke = useAct(() => revokeInvitation(slug, row.id), {
    stale: [["project", slug, "invitations"]],
    failed: t`Not revoked`,
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={revoke.isPending}
      onClick={() => revoke.mutate(undefined)}
      aria-label={t`Revoke ${row.prefix}`}
    >
      <Trans>Revoke</Trans>
    </Button>
  );
}

interface Use {
  id: number;
  name: string;
  platform?: string;
  worker_id?: string;
  created_at?: string;
}

function Uses({ slug, id }: { slug: string; id: number }) {
  const uses = useQuery(invitationUsesQuery(slug, id));
  if (uses.isPending) return <Skeleton height={160} />;
  if (uses.isError) return <Failure what={t`Who came could not be read.`} error={uses.error} retry={() => void uses.refetch()} />;
  if (uses.data.length === 0) return <Empty title={t`Nobody came yet.`}><Trans>Whoever opens the link and accepts is named here.</Trans></Empty>;
  return (
    <Table
      label={t`Who came`}
      columns={USES}
      rows={uses.data}
      keyOf={(use) => use.id}
      footer={<DownloadCsv name="came-by-link" columns={USES_CSV} rows={() => uses.data} />}
    />
  );
}

const USES: Column<Use>[] = [
  { get name() { return t`Name`; }, cell: (use) => use.name },
  { get name() { return t`Known as`; }, cell: (use) => (use.worker_id ? `${use.platform}: ${use.worker_id}` : <Quiet>–</Quiet>) },
  { get name() { return t`When`; }, cell: (use) => (use.created_at ? <Ago at={use.created_at} /> : null) },
];

const USES_CSV: CsvColumn<Use>[] = [
  ["name", (use) => use.name],
  ["platform", (use) => use.platform],
  ["worker_id", (use) => use.worker_id],
  ["at", (use) => use.created_at],
];
