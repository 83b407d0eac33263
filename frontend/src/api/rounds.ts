import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const roundsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "rounds"],
    queryFn: () =>
      call(api.GET("/api/projects/{slug}/rounds", { params: { path: { slug }, query: { page_size: 100 } } })),
  });

export const roundQuery = (id: number) =>
  queryOptions({
    queryKey: ["round", id],
    queryFn: () => call(api.GET("/api/rounds/{round_id}", { params: { path: { round_id: id } } })),
  });

export const roundSchemaQuery = queryOptions({
  queryKey: ["round-schema"],
  queryFn: () => call(api.GET("/api/round-schema")),
  staleTime: Infinity,
});

export const roundDefaultsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "round-defaults"],
    queryFn: () => call(api.GET("/api/projects/{slug}/round-defaults", { params: { path: { slug } } })),
    staleTime: 0,
  });

export const evaluationsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "evaluations"],
    queryFn: () =>
      call(api.GET("/api/projects/{slug}/evaluations", { params: { path: { slug }, query: { page_size: 200 } } })),
  });

export const launchRound = (slug: string, spec: Record<string, unknown>) =>
  call(api.POST("/api/projects/{slug}/rounds", { params: { path: { slug } }, body: spec }));
export const changeRound = (id: number, patch: Record<string, unknown>) =>
  call(api.PATCH("/api/rounds/{round_id}", { params: { path: { round_id: id } }, body: patch }));
export const cancelRound = (id: number) => call(api.POST("/api/rounds/{round_id}/cancel", { params: { path: { round_id: id } } }));
export const retryRound = (id: number) => call(api.POST("/api/rounds/{round_id}/retry", { params: { path: { round_id: id } } }));
