import { t } from "@lingui/core/macro";
import { createRoute } from "@tanstack/react-router";

import type { Arm, Hold, HoldRule, Reviewable, Role, SlotState } from "@/api/types";
import { ARM_OPTIONS } from "@/lib/words";

import { lazyPage } from "../lazyPage";
import { flag, id, oneOf, project, word } from "./base";

const ARMS = ARM_OPTIONS.map(({ value }) => value);
const SLOT_STATES: readonly SlotState[] = ["open", "leased", "done"];

const queue = createRoute({
  getParentRoute: () => project,
  path: "/queue",
  staticData: { crumb: () => t`Queue` },
  validateSearch: (
    search,
  ): { arm?: Arm; state?: SlotState; order?: "oldest"; task?: number; settings?: true } => ({
    arm: oneOf(ARMS, search.arm),
    state: oneOf(SLOT_STATES, search.state),
    order: oneOf(["oldest"], search.order),
    task: id(search.task),
    settings: flag(search.settings),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/queue/QueuePage"), "QueuePage"),
});

const MEASURES = [
  "gold_accuracy",
  "self_consistency",
  "left_share",
  "longer_share",
  "median_seconds",
  "words_per_second",
  "too_fast_share",
  "reliability",
] as const;

const quality = createRoute({
  getParentRoute: () => project,
  path: "/quality",
  staticData: { crumb: () => t`Quality` },
  validateSearch: (
    search,
  ): { tab?: "annotators" | "agreement" | "rules"; measure?: (typeof MEASURES)[number] } => ({
    tab: oneOf(["annotators", "agreement", "rules"], search.tab),
    measure: oneOf(MEASURES, search.measure),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/quality/QualityPage"), "QualityPage"),
});

const adjudicate = createRoute({
  getParentRoute: () => project,
  path: "/adjudicate",
  staticData: { crumb: () => t`Adjudicate` },
  validateSearch: (search): { state?: "open" | "decided"; id?: number } => ({
    state: oneOf(["open", "decided"], search.state),
    id: id(search.id),
  }),
  component: lazyPage(["lead", "annotate"], () => import("../judging/routes"), "AdjudicateRoute"),
});

const REVIEW_STATES: readonly Reviewable["state"][] = ["unreviewed", "accepted", "returned", "corrected"];

const review = createRoute({
  getParentRoute: () => project,
  path: "/review",
  staticData: { crumb: () => t`Review` },
  validateSearch: (
    search,
  ): { annotator?: number; arm?: Arm; state?: Reviewable["state"]; task?: number; sample?: number } => ({
    annotator: id(search.annotator),
    arm: oneOf(ARMS, search.arm),
    state: oneOf(REVIEW_STATES, search.state),
    task: id(search.task),
    sample: [5, 10, 25].find((share) => share === search.sample),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/adjudicate/ReviewPage"), "ReviewPage"),
});

const gold = createRoute({
  getParentRoute: () => project,
  path: "/gold",
  staticData: { crumb: () => t`Gold` },
  validateSearch: (search): { task?: number; choose?: true } => ({ task: id(search.task), choose: flag(search.choose) }),
  component: lazyPage(["lead"], () => import("@/features/lead/gold/GoldPage"), "GoldPage"),
});

const HOLD_STATES: readonly NonNullable<Hold["state"]>[] = ["held", "released", "rejected"];
const HOLD_RULES: readonly HoldRule[] = ["names_model", "error_text", "cut_off", "phrase"];

const held = createRoute({
  getParentRoute: () => project,
  path: "/held",
  staticData: { crumb: () => t`Held back` },
  validateSearch: (search): { state?: NonNullable<Hold["state"]>; rule?: HoldRule } => ({
    state: oneOf(HOLD_STATES, search.state),
    rule: oneOf(HOLD_RULES, search.rule),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/held/HeldPage"), "HeldPage"),
});

const protocol = createRoute({
  getParentRoute: () => project,
  path: "/protocol",
  staticData: { crumb: () => t`Protocol` },
  component: lazyPage(["lead", "annotate"], () => import("../judging/routes"), "ProtocolRoute"),
});

const guidelines = createRoute({
  getParentRoute: () => project,
  path: "/guidelines",
  staticData: { crumb: () => t`Guidelines` },
  validateSearch: (search): { version?: number } => ({ version: id(search.version) }),
  component: lazyPage(["lead"], () => import("@/features/lead/guidelines/GuidelinesPage"), "GuidelinesPage"),
});

const PEOPLE_TABS = ["members", "imported", "invitations", "teams", "care"] as const;
const ROLES: readonly Role[] = ["annotator", "lead", "researcher", "owner"];

const people = createRoute({
  getParentRoute: () => project,
  path: "/people",
  staticData: { crumb: () => t`People` },
  validateSearch: (
    search,
  ): {
    tab?: (typeof PEOPLE_TABS)[number];
    role?: Role;
    search?: string;
    team?: number;
    linked?: "yes" | "no";
    /** The invitation whose visitors are shown. */
    invitation?: number;
    /** The team whose people are shown. */
    open?: number;
  } => ({
    tab: oneOf(PEOPLE_TABS, search.tab),
    role: oneOf(ROLES, search.role),
    search: typeof search.search === "number" ? String(search.search) : word(search.search),
    team: id(search.team),
    linked: oneOf(["yes", "no"], search.linked),
    invitation: id(search.invitation),
    open: id(search.open),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/people/PeoplePage"), "PeoplePage"),
});

const imports = createRoute({
  getParentRoute: () => project,
  path: "/import",
  staticData: { crumb: () => t`Import` },
  validateSearch: (search): { job?: number } => ({ job: id(search.job) }),
  component: lazyPage(["lead"], () => import("@/features/lead/imports/ImportPage"), "ImportPage"),
});

const day = (value: unknown): string | undefined =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined;

const audit = createRoute({
  getParentRoute: () => project,
  path: "/audit",
  staticData: { crumb: () => t`Audit` },
  validateSearch: (
    search,
  ): { actor?: number; action?: string; type?: string; object?: string; since?: string; until?: string } => ({
    actor: id(search.actor),
    action: word(search.action),
    type: word(search.type),
    object: typeof search.object === "number" ? String(search.object) : word(search.object),
    since: day(search.since),
    until: day(search.until),
  }),
  component: lazyPage(["lead"], () => import("@/features/lead/audit/AuditPage"), "AuditPage"),
});

const webhooks = createRoute({
  getParentRoute: () => project,
  path: "/webhooks",
  staticData: { crumb: () => t`Webhooks` },
  validateSearch: (search): { hook?: number; add?: true } => ({ hook: id(search.hook), add: flag(search.add) }),
  component: lazyPage(["lead"], () => import("@/features/lead/webhooks/WebhooksPage"), "WebhooksPage"),
});

/** What leads work with. */
export const leadRoutes = [
  queue,
  quality,
  adjudicate,
  review,
  gold,
  held,
  protocol,
  guidelines,
  people,
  imports,
  audit,
  webhooks,
] as const;
