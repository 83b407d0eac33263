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
  { value: "yes", label: "Known as a member" },
  { value: "no", label: "Nobody known here" },
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
          label="Who they are"
          every="All imported workers"
          width={210}
          options={LINKED}
          value={linked}
          onChange={(next) => void navigate({ search: (old) => ({ ...old, linked: next }), replace: true })}
        />
      </Group>
      <Listing
        query={workers}
        failed="The imported workers could not be read."
        columns={4}
        empty={
          <Empty title={linked ? "Nobody matches." : "No import brought workers along."}>
            {linked ? "Choose another filter." : "Those named in imported judgments are listed here, apart from members."}
          </Empty>
        }
      >
        {(rows, more) => (
          <Table label="Imported workers" columns={columnsFor(project)} rows={rows} keyOf={(worker) => worker.id} footer={more} />
        )}
      </Listing>
    </>
  );
}

const columnsFor = (project: Project): Column<ImportedWorker>[] => [
  {
    name: "Worker",
    cell: (worker) => (
      <>
        {worker.external_id} <Quiet>imported, no login</Quiet>
      </>
    ),
  },
  { name: "From", cell: (worker) => <Quiet>{worker.source}</Quiet> },
  { name: "Judgments", number: true, cell: (worker) => count(worker.num_judgments) },
  {
    name: "Is",
    cell: (worker) =>
      may(project, "members.manage") ? <Person slug={project.slug} worker={worker} /> : (worker.person_name ?? <Quiet>not known here</Quiet>),
  },
];

/** Which member a worker turned out to be. */
function Person({ slug, worker }: { slug: string; worker: ImportedWorker }) {
  const members = useQuery(everyMemberQuery(slug));
  const stale = [["project", slug, "workers"]];
  const link = useAct((user: number) => linkWorker(slug, worker.id, user), { stale, failed: "Not linked" });
  const unlink = useAct(() => unlinkWorker(slug, worker.id), { stale, failed: "Not unlinked" });
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
          aria-label={`${worker.external_id} is not ${worker.person_name ?? "this member"}`}
        >
          Unlink
        </Button>
      </Group>
    );
  }
  const names = new Map((members.data ?? []).map(({ user, name }) => [user, name]));
  return (
    <Select
      aria-label={`Which member ${worker.external_id} is`}
      placeholder="Choose a member"
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
