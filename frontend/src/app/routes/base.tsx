import { createRootRouteWithContext, createRoute, Outlet, redirect } from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";

import { sessionQuery } from "@/api/session";

import { NotFound } from "../RouteStates";
import { ProjectLayout } from "../shell/ProjectLayout";
import { Shell } from "../shell/Shell";

interface RouterContext {
  queryClient: QueryClient;
}

export const root = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFound });

export const word = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
export const flag = (value: unknown): true | undefined => (value === true || value === "true" || value === 1 ? true : undefined);

/** A whole number above 0: the id of something. */
export const id = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;

/** One of a fixed few. */
export const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((one) => one === value);

export const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signedIn",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (session.setup_needed) throw redirect({ to: "/setup" });
    if (!session.user) {
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
    }
    // All else is closed until there is one.
    if (session.second_factor === "to_set_up") throw redirect({ to: "/second-factor" });
  },
  component: Shell,
});

export const project = createRoute({ getParentRoute: () => signedIn, path: "/p/$slug", component: ProjectLayout });
