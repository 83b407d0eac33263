import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useParams } from "@tanstack/react-router";

import { ApiError } from "@/api/client";
import { useProjectLive } from "@/api/live";
import { projectQuery } from "@/api/projects";
import { Page } from "@/components/Page";
import { Failure } from "@/components/States";
import { LiveContext } from "@/lib/live";

import { NotFound, RoutePending } from "../RouteStates";

/** Every page of a project has the project at hand, and hears when something in it changed. */
export function ProjectLayout() {
  const { slug } = useParams({ from: "/signedIn/p/$slug" });
  const project = useQuery(projectQuery(slug));
  const live = useProjectLive(slug);
  if (project.isPending) return <RoutePending />;
  if (project.isError && !project.data) {
    if (project.error instanceof ApiError && project.error.status === 404) return <NotFound />;
    return (
      <Page title={t`Project`} narrow>
        <Failure what={t`The project could not be read.`} error={project.error} retry={() => void project.refetch()} />
      </Page>
    );
  }
  return (
    <LiveContext value={live === "open"}>
      <Outlet />
    </LiveContext>
  );
}
