import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { Adjudication } from "./types";

export interface AdjudicationFilter {
  state?: "open" | "decided";
}

export const readAdjudications =
  (slug: string, filter: AdjudicationFilter): ReadPage<Adjudication> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/quality/adjudications", { params: { path: { slug }, query: { ...filter, ...page } } }));

export const adjudicationsQuery = (slug: string, filter: AdjudicationFilter) =>
  pagedQuery(["project", slug, "quality", "adjudications", filter], readAdjudications(slug, filter));

export const askAdjudication = (slug: string, task: number, reason: string) =>
  call(api.POST("/api/projects/{slug}/quality/adjudications", { params: { path: { slug } }, body: { task, reason } }));

export const openAdjudication = (slug: string, id: number) =>
  call(
    api.POST("/api/projects/{slug}/quality/adjudications/{adjudication_id}/open", {
      params: { path: { slug, adjudication_id: id } },
    }),
  );
