import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { messageOf } from "@/api/client";
import { membersQuery, removeMember } from "@/api/lead";
import { projectQuery } from "@/api/projects";
import type { Member } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { may } from "@/lib/permissions";

import { AddMember } from "./AddMember";

export function PeoplePage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/people" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const members = useQuery(membersQuery(slug));
  const [opened, { open, close }] = useDisclosure(false);
  const manages = may(project, "members.manage");
  const rows = members.data?.results ?? [];
  const columns: Column<Member>[] = [
    { name: "Name", cell: (member) => member.name },
    { name: "Email", cell: (member) => <Quiet>{member.email}</Quiet> },
    { name: "Role", cell: (member) => member.role },
    { name: "Since", cell: (member) => (member.created_at ? <Ago at={member.created_at} /> : null) },
    ...(manages ? [{ name: "Actions", hidden: true, number: true, cell: (member: Member) => <Remove slug={slug} member={member} /> }] : []),
  ];
  return (
    <Page
      title="People"
      lead="Who may do what here. Somebody may hold several roles."
      actions={manages ? <Button onClick={open}>Add somebody</Button> : undefined}
    >
      {members.isPending ? (
        <TableSkeleton columns={4} />
      ) : members.isError ? (
        <Failure what="The members could not be read." error={members.error} retry={() => void members.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title="Nobody is here yet." actions={manages ? <Button onClick={open}>Add somebody</Button> : undefined}>
          Annotators rank, leads set the rules, researchers train.
        </Empty>
      ) : (
        <Table label="Members" columns={columns} rows={rows} keyOf={(member) => member.id} />
      )}
      <AddMember project={project} opened={opened} onClose={close} />
    </Page>
  );
}

function Remove({ slug, member }: { slug: string; member: Member }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeMember(slug, member.id),
    onSuccess: () => client.invalidateQueries(membersQuery(slug)),
    onError: (error) => notifications.show({ color: "ochre", title: "Not removed", message: messageOf(error) }),
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={remove.isPending}
      onClick={() => remove.mutate()}
      aria-label={`Remove ${member.name} as ${member.role}`}
    >
      Remove
    </Button>
  );
}
