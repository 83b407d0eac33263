import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { Hold, HoldRule } from "./types";

export interface HoldFilter {
  state?: NonNullable<Hold["state"]>;
  rule?: HoldRule;
}

export const readHolds =
  (slug: string, filter: HoldFilter): ReadPage<Hold> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/holds", { params: { path: { slug }, query: { ...filter, ...page } } }));

export const holdsQuery = (slug: string, filter: HoldFilter) =>
  pagedQuery(["project", slug, "tasks", "holds", filter], readHolds(slug, filter));

export const decideHolds = (slug: string, tasks: number[], release: boolean) =>
  call(api.POST("/api/projects/{slug}/holds/decide", { params: { path: { slug } }, body: { tasks, release } }));
