import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { components } from "./schema";

export type ProjectCreate = components["schemas"]["ProjectCreateRequest"];

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: () => call(api.GET("/api/projects", { params: { query: { page_size: 100 } } })),
});

export const projectQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "detail"],
    queryFn: () => call(api.GET("/api/projects/{slug}", { params: { path: { slug } } })),
    staleTime: 10_000,
  });

export const countsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "counts"],
    queryFn: () => call(api.GET("/api/projects/{slug}/counts", { params: { path: { slug } } })),
  });

export const createProject = (body: ProjectCreate) => call(api.POST("/api/projects", { body }));
