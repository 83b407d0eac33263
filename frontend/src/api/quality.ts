import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { components } from "./schema";
import type { Arm, Reviewable, Rule, RuleEvent } from "./types";

type Schemas = components["schemas"];
export type NewRule = Schemas["RuleCreateRequest"];
export type RuleChange = Schemas["PatchedRuleUpdateRequest"];

const key = (slug: string, ...rest: unknown[]) => ["project", slug, "quality", ...rest];

export const agreementQuery = (slug: string) =>
  queryOptions({
    queryKey: key(slug, "agreement"),
    queryFn: () => call(api.GET("/api/projects/{slug}/quality/agreement", { params: { path: { slug } } })),
  });

export const annotatorsQuery = (slug: string) =>
  queryOptions({
    queryKey: key(slug, "annotators"),
    queryFn: () => call(api.GET("/api/projects/{slug}/quality/annotators", { params: { path: { slug } } })),
  });

export const refreshQuality = (slug: string) =>
  call(api.POST("/api/projects/{slug}/quality/refresh", { params: { path: { slug } } }));

export const pauseAnnotator = (slug: string, id: number, reason: string) =>
  call(
    api.POST("/api/projects/{slug}/quality/annotators/{annotator_id}/pause", {
      params: { path: { slug, annotator_id: id } },
      body: { reason },
    }),
  );

export const resumeAnnotator = (slug: string, id: number) =>
  call(
    api.POST("/api/projects/{slug}/quality/annotators/{annotator_id}/resume", {
      params: { path: { slug, annotator_id: id } },
    }),
  );

export const readRules =
  (slug: string): ReadPage<Rule> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/quality/rules", { params: { path: { slug }, query: page } }));

export const rulesQuery = (slug: string) => pagedQuery(key(slug, "rules"), readRules(slug));

export const addRule = (slug: string, body: NewRule) =>
  call(api.POST("/api/projects/{slug}/quality/rules", { params: { path: { slug } }, body }));

export const changeRule = (slug: string, id: number, body: RuleChange) =>
  call(api.PATCH("/api/projects/{slug}/quality/rules/{rule_id}", { params: { path: { slug, rule_id: id } }, body }));

export const removeRule = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/quality/rules/{rule_id}", { params: { path: { slug, rule_id: id } } }));

export const readRuleEvents =
  (slug: string): ReadPage<RuleEvent> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/quality/events", { params: { path: { slug }, query: page } }));

export const ruleEventsQuery = (slug: string) => pagedQuery(key(slug, "events"), readRuleEvents(slug));

export interface ReviewFilter {
  annotator?: number;
  arm?: Arm;
  state?: Reviewable["state"];
  task?: number;
  sample_percent?: number;
}

export const readReviewables =
  (slug: string, filter: ReviewFilter): ReadPage<Reviewable> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/quality/judgments", { params: { path: { slug }, query: { ...filter, ...page } } }));

// Each comes with all its texts.
const REVIEWS_AT_ONCE = 20;

export const reviewablesQuery = (slug: string, filter: ReviewFilter) =>
  pagedQuery(key(slug, "judgments", filter), readReviewables(slug, filter), REVIEWS_AT_ONCE);

export const reviewJudgment = (slug: string, id: number, body: Schemas["ReviewCreateRequest"]) =>
  call(
    api.POST("/api/projects/{slug}/quality/judgments/{judgment_id}/review", {
      params: { path: { slug, judgment_id: id } },
      body,
    }),
  );
