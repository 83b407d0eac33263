import { t } from "@lingui/core/macro";
import { createRoute, createRouter, parseSearchWith, redirect, stringifySearchWith } from "@tanstack/react-router";

import { sessionQuery } from "@/api/session";
import type { RunKind, RunState } from "@/api/types";
import { KINDS, STATES } from "@/lib/runKinds";

import { lazyPage } from "./lazyPage";
import { queryClient } from "./queryClient";
import { NotFound, RouteError, RoutePending } from "./RouteStates";
import { flag, project, root, signedIn, word } from "./routes/base";
import { leadRoutes } from "./routes/lead";

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** The last word of the breadcrumbs. */
    crumb?: (params: Record<string, string>) => string;
    /** The page wants the width: the rail starts folded. */
    wide?: boolean;
  }
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { next?: string; problem?: string } => {
    const next = word(search.next);
    const problem = word(search.problem);
    // Only an address of this site.
    return { ...(next && /^\/(?![/\\])/.test(next) ? { next } : {}), ...(problem ? { problem } : {}) };
  },
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (session.setup_needed) throw redirect({ to: "/setup" });
    if (session.user) throw redirect({ to: "/" });
  },
  component: lazyPage(["auth"], () => import("@/features/auth/SignInPage"), "SignInPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (search): { key?: string } => {
    const key = word(search.key);
    return key ? { key } : {};
  },
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (!session.setup_needed) throw redirect({ to: "/sign-in" });
  },
  component: lazyPage(["auth"], () => import("@/features/auth/SetupPage"), "SetupPage"),
});

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: "/forgot-password",
  component: lazyPage(["auth"], () => import("@/features/auth/ForgotPasswordPage"), "ForgotPasswordPage"),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  validateSearch: (search): { uid?: string; token?: string } => ({
    // A user id may be all digits, which the address parser reads as a number.
    uid: typeof search.uid === "number" ? String(search.uid) : word(search.uid),
    token: word(search.token),
  }),
  component: lazyPage(["auth"], () => import("@/features/auth/ResetPasswordPage"), "ResetPasswordPage"),
});

const join = createRoute({
  getParentRoute: () => root,
  path: "/join/$token",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (session.setup_needed) throw redirect({ to: "/setup" });
  },
  component: lazyPage(["auth"], () => import("@/features/auth/JoinPage"), "JoinPage"),
});

const secondFactor = createRoute({
  getParentRoute: () => root,
  path: "/second-factor",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (!session.user) throw redirect({ to: "/sign-in" });
  },
  component: lazyPage(["auth"], () => import("@/features/auth/SecondFactorPage"), "SecondFactorPage"),
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  validateSearch: (search): { create?: true } => (flag(search.create) ? { create: true } : {}),
  component: lazyPage(["projects"], () => import("@/features/projects/HomePage"), "HomePage"),
});

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: "/settings",
  staticData: { crumb: () => t`Settings` },
  component: lazyPage(["settings"], () => import("@/features/settings/SettingsPage"), "SettingsPage"),
});

const overview = createRoute({
  getParentRoute: () => project,
  path: "/",
  component: lazyPage(["projects"], () => import("@/features/projects/OverviewPage"), "OverviewPage"),
});

const annotate = createRoute({
  getParentRoute: () => project,
  path: "/annotate",
  staticData: { crumb: () => t`Rank`, wide: true },
  component: lazyPage(["annotate"], () => import("@/features/annotate/AnnotatePage"), "AnnotatePage"),
});

const runs = createRoute({
  getParentRoute: () => project,
  path: "/runs",
  staticData: { crumb: () => t`Runs` },
  validateSearch: (search): { kind?: RunKind; state?: RunState; launch?: RunKind } => ({
    kind: KINDS.find((kind) => kind === search.kind),
    state: STATES.find((state) => state === search.state),
    launch: KINDS.find((kind) => kind === search.launch),
  }),
  component: lazyPage(["runs"], () => import("@/features/runs/RunsPage"), "RunsPage"),
});

const RUN_TABS = ["curves", "samples", "log", "spec", "environment"] as const;

const run = createRoute({
  getParentRoute: () => project,
  path: "/runs/$runId",
  staticData: { crumb: (params) => `${t`Runs`}/${t`Run ${params.runId ?? ""}`}` },
  validateSearch: (search): { tab?: (typeof RUN_TABS)[number] } => ({
    tab: RUN_TABS.find((tab) => tab === search.tab),
  }),
  component: lazyPage(["runs"], () => import("@/features/runs/RunPage"), "RunPage"),
});

const rounds = createRoute({
  getParentRoute: () => project,
  path: "/rounds",
  staticData: { crumb: () => t`Rounds` },
  validateSearch: (search): { launch?: true } => (flag(search.launch) ? { launch: true } : {}),
  component: lazyPage(["rounds"], () => import("@/features/rounds/RoundsPage"), "RoundsPage"),
});

const STEPS = ["sample", "label", "snapshot", "reward", "policy", "evaluate"] as const;

const round = createRoute({
  getParentRoute: () => project,
  path: "/rounds/$number",
  staticData: { crumb: (params) => `${t`Rounds`}/${t`Round ${params.number ?? ""}`}` },
  validateSearch: (search): { step?: (typeof STEPS)[number] } => ({
    step: STEPS.find((step) => step === search.step),
  }),
  component: lazyPage(["rounds"], () => import("@/features/rounds/RoundPage"), "RoundPage"),
});

const datasets = createRoute({
  getParentRoute: () => project,
  path: "/datasets",
  staticData: { crumb: () => t`Datasets` },
  validateSearch: (search): { freeze?: true } => (flag(search.freeze) ? { freeze: true } : {}),
  component: lazyPage(["datasets"], () => import("@/features/datasets/DatasetsPage"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => project,
  path: "/datasets/$snapshotId",
  staticData: { crumb: (params) => `${t`Datasets`}/${t`Snapshot ${params.snapshotId ?? ""}`}` },
  validateSearch: (search): { split?: string; offset?: number } => ({
    split: word(search.split),
    offset: typeof search.offset === "number" && search.offset > 0 ? search.offset : undefined,
  }),
  component: lazyPage(["datasets"], () => import("@/features/datasets/SnapshotPage"), "SnapshotPage"),
});

const models = createRoute({
  getParentRoute: () => project,
  path: "/models",
  staticData: { crumb: () => t`Models` },
  validateSearch: (search): { register?: true } => (flag(search.register) ? { register: true } : {}),
  component: lazyPage(["models"], () => import("@/features/models/ModelsPage"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => project,
  path: "/models/$modelId",
  staticData: { crumb: () => `${t`Models`}/${t`Version`}` },
  component: lazyPage(["models"], () => import("@/features/models/ModelPage"), "ModelPage"),
});

const routeTree = root.addChildren([
  signIn,
  setup,
  forgotPassword,
  resetPassword,
  join,
  secondFactor,
  signedIn.addChildren([
    home,
    settings,
    project.addChildren([
      overview,
      annotate,
      runs,
      run,
      rounds,
      round,
      datasets,
      dataset,
      models,
      model,
      ...leadRoutes,
    ]),
  ]),
]);

/** Digits that a number cannot hold, like the ids of crowd platforms, stay as they came. */
function parsed(value: string): unknown {
  const read: unknown = JSON.parse(value);
  if (typeof read === "number" && String(read) !== value) throw new SyntaxError("Read as text.");
  return read;
}

export const router = createRouter({
  routeTree,
  parseSearch: parseSearchWith(parsed),
  stringifySearch: stringifySearchWith(JSON.stringify, parsed),
  context: { queryClient },
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  defaultPendingComponent: RoutePending,
  defaultErrorComponent: RouteError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
