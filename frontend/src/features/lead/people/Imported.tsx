import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { everyMemberQuery, linkWorker, unlinkWorker, workersQuery } from "@/api/people";
import type { ImportedWorker, Project } from "@/api/types";
import { FilterSelect } from "@/components/FilterSelect";
import { Listing } from "@/components/Listing";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

const LINKED = [
  { value: "yes", get label() { return t`Known as a member`; } },
  { value: "no", get label() { return t`Nobody known here`; } },
] as const;

/** Workers that imports brought along: they judged elsewhere, cannot sign in, and get no tasks. */
export function Imported({ project }: { project: Project }) {
  const { slug } = project;
  const { linked } = useSearch({ from: "/signedIn/p/$slug/people" });
  const navigate = useNavigate({ from: "/p/$slug/people" });
  const workers = useInfiniteQuery(workersQuery(slug, linked === undefined ? undefined : linked === "yes"));
  return (
    <>
      <Group gap="xs" mb="md">
        <FilterSelect
          label={t`Who they are`}
          every={t`All imported workers`}
          width={210}
          options={LINKED}
          value={linked}
          onChange={(next) => void navigate({ search: (old) => ({ ...old, linked: next }), replace: true })}
        />
      </Group>
      <Listing
        query={workers}
        failed={t`The imported workers could not be read.`}
        columns={4}
        empty={
          <Empty title={linked ? t`Nobody matches.` : t`No import brought workers along.`}>
            {linked ? t`Choose another filter.` : t`Those named in imported judgments are listed here, apart from members.`}
          </Empty>
        }
      >
        {(rows, more) => (
          <Table label={t`Imported workers`} columns={columnsFor(project)} rows={rows} keyOf={(worker) => worker.id} footer={more} />
        )}
      </Listing>
    </>
  );
}

const columnsFor = (project: Project): Column<ImportedWorker>[] => [
  {
    name: t`Worker`,
    cell: (worker) => (
      <>
        {worker.external_id} <Quiet><Trans>imported, no login</Trans></Quiet>
      </>
    ),
  },
  { name: t`From`, cell: (worker) => <Quiet>{worker.source}</Quiet> },
  { name: t`Judgments`, number: true, cell: (worker) => count(worker.num_judgments) },
  {
    name: t`Is`,
    cell: (worker) =>
      may(project, "members.manage") ? <Person slug={project.slug} worker={worker} /> : (worker.person_name ?? <Quiet><Trans>not known here</Trans></Quiet>),
  },
];

/** Which member a worker turned out to be. */
function Person({ slug, worker }: { slug: string; worker: ImportedWorker }) {
  const members = useQuery(everyMemberQuery(slug));
  const stale = [["project", slug, "workers"]];
  const link = useAct((user: number) => linkWorker(slug, worker.id, user), { stale, failed: t`Not linked` });
  const unlink = useAct(() => unlinkWorker(slug, worker.id), { stale, failed: t`Not unlinked` });
  if (worker.person !== null) {
    return (
      <Group gap={4} wrap="nowrap">
        {worker.person_name}
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          loading={unlink.isPending}
          onClick={() => unlink.mutate(undefined)}
          aria-label={t`${worker.external_id} is not ${worker.person_name ?? ""}`}
        >
          <Trans>Unlink</Trans>
        </Button>
      </Group>
    );
  }
  const names = new Map((members.data ?? []).map(({ user, name }) => [user, name]));
  return (
    <Select
      aria-label={t`Which member ${worker.external_id} is`}
      placeholder={t`Choose a member`}
      size="xs"
      w={190}
      searchable
      value={null}
      disabled={link.isPending}
      data={[...names].map(([user, name]) => ({ value: String(user), label: name }))}
      onChange={(user) => (user === null ? undefined : link.mutate(Number(user)))}
    />
  );
}
