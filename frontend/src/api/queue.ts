import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { components } from "./schema";
import type { JudgmentCreate } from "./types";

export type SkipBody = components["schemas"]["AssignmentSkipRequest"];

export const nextAssignments = (slug: string, body: { count: number; exclude: string[] }) =>
  call(api.POST("/api/projects/{slug}/assignments/next", { params: { path: { slug } }, body }));

export const heartbeat = (id: string, leaseToken: number) =>
  call(api.POST("/api/assignments/{assignment_id}/heartbeat", { params: { path: { assignment_id: id } }, body: { lease_token: leaseToken } }));

// A connection that hangs must not keep what comes after it.
const ANSWER_MS = 30_000;

export const submitJudgment = (id: string, body: JudgmentCreate) =>
  call(
    api.POST("/api/assignments/{assignment_id}/submit", {
      params: { path: { assignment_id: id } },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    }),
  );

export const skipAssignment = (id: string, body: SkipBody) =>
  call(api.POST("/api/assignments/{assignment_id}/skip", { params: { path: { assignment_id: id } }, body }));

/** Take a judgment back: the answer is the assignment, held again. */
export const undoJudgment = (id: string, judgment: number) =>
  call(api.POST("/api/assignments/{assignment_id}/undo", { params: { path: { assignment_id: id } }, body: { judgment } }));

/** `leaving`: the page is going away, and the request outlives it. */
export const saveDraft = (id: string, revision: number, body: unknown, leaving: boolean) =>
  call(
    api.PUT("/api/assignments/{assignment_id}/draft", {
      params: { path: { assignment_id: id } },
      body: { revision, body },
      keepalive: leaving,
    }),
  );

export const revealAssignment = (id: string) =>
  call(api.POST("/api/assignments/{assignment_id}/reveal", { params: { path: { assignment_id: id } } }));

/** How long somebody has worked, and whether a break is due. */
export const wellbeingQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "my-wellbeing"],
    queryFn: () => call(api.GET("/api/projects/{slug}/my-wellbeing", { params: { path: { slug } } })),
    refetchInterval: 60_000,
  });

export const issueCompletionCode = (slug: string) =>
  call(api.POST("/api/projects/{slug}/my-completion-code", { params: { path: { slug } } }));

export const myWorkQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "my-work"],
    queryFn: () => call(api.GET("/api/projects/{slug}/my-work", { params: { path: { slug } } })),
  });
