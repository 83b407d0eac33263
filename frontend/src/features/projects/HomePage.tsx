import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Skeleton } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { projectsQuery } from "@/api/projects";
import { sessionQuery } from "@/api/session";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { useCommands } from "@/lib/useCommands";

import { CreateProject } from "./CreateProject";
import classes from "./HomePage.module.css";
import { NeedsMe } from "./NeedsMe";
import { ProjectCard } from "./ProjectCard";

export function HomePage() {
  const navigate = useNavigate();
  const { create } = useSearch({ from: "/signedIn/" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const projects = useQuery(projectsQuery);
  const mayCreate = session.user?.is_operator === true;
  const open = () => void navigate({ to: "/", search: { create: true } });
  const close = () => void navigate({ to: "/", search: {} });
  useCommands([
    { id: "create-project", label: t`Create a project`, group: t`Projects`, keys: [], enabled: mayCreate, perform: open },
  ]);
  const rows = projects.data?.results ?? [];
  const button = mayCreate ? (
    <Button variant={rows.length ? "default" : "filled"} onClick={open}>
      <Trans>Create a project</Trans>
    </Button>
  ) : undefined;
  return (
    <Page title={t`Projects`} lead={t`What needs you, and everything you belong to.`} actions={rows.length ? button : undefined}>
      {projects.isPending ? (
        <HomeSkeleton />
      ) : projects.isError && !projects.data ? (
        <Failure what={t`The projects could not be read.`} error={projects.error} retry={() => void projects.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title={t`You do not belong to a project yet.`} actions={button}>
          {mayCreate
            ? t`A project holds prompts, the people who rank, and the models that learn from them.`
            : t`Ask the person who runs this server, or a project's owner, to add you.`}
        </Empty>
      ) : (
        <>
          <NeedsMe projects={rows} />
          <h2 className={classes.heading}><Trans>All projects</Trans></h2>
          <div className={classes.cards}>
            {rows.map((project) => (
              <ProjectCard key={project.slug} project={project} />
            ))}
          </div>
        </>
      )}
      <CreateProject opened={create === true && mayCreate} onClose={close} />
    </Page>
  );
}

function HomeSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label={t`Loading the projects`}>
      <Skeleton height={72} radius={9} mb={32} />
      <div className={classes.cards}>
        <Skeleton height={188} radius={9} />
        <Skeleton height={188} radius={9} />
        <Skeleton height={188} radius={9} />
      </div>
    </div>
  );
}
