import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { JudgmentCreate } from "./types";

export const nextAssignments = (slug: string, body: { count: number; exclude: string[] }) =>
  call(api.POST("/api/projects/{slug}/assignments/next", { params: { path: { slug } }, body }));

export const heartbeat = (id: string, leaseToken: number) =>
  call(api.POST("/api/assignments/{assignment_id}/heartbeat", { params: { path: { assignment_id: id } }, body: { lease_token: leaseToken } }));

export const submitJudgment = (id: string, body: JudgmentCreate) =>
  call(api.POST("/api/assignments/{assignment_id}/submit", { params: { path: { assignment_id: id } }, body }));

export const skipAssignment = (id: string, body: { lease_token: number; reason: string }) =>
  call(api.POST("/api/assignments/{assignment_id}/skip", { params: { path: { assignment_id: id } }, body }));

export const myWorkQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "my-work"],
    queryFn: () => call(api.GET("/api/projects/{slug}/my-work", { params: { path: { slug } } })),
  });
