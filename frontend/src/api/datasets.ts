import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { SnapshotCreate } from "./types";

export type Split = "train" | "validation" | "test";

export const snapshotsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "snapshots"],
    queryFn: () =>
      call(api.GET("/api/projects/{slug}/snapshots", { params: { path: { slug }, query: { page_size: 100 } } })),
  });

export const snapshotQuery = (id: number) =>
  queryOptions({
    queryKey: ["snapshot", id],
    queryFn: () => call(api.GET("/api/snapshots/{snapshot_id}", { params: { path: { snapshot_id: id } } })),
    staleTime: Infinity,
  });

export const snapshotRowsQuery = (id: number, split: Split, offset: number, limit: number) =>
  queryOptions({
    queryKey: ["snapshot", id, "rows", split, offset, limit],
    queryFn: () =>
      call(api.GET("/api/snapshots/{snapshot_id}/rows", { params: { path: { snapshot_id: id }, query: { split, offset, limit } } })),
    staleTime: Infinity,
  });

export const freezeSnapshot = (slug: string, body: SnapshotCreate) =>
  call(api.POST("/api/projects/{slug}/snapshots", { params: { path: { slug } }, body }));
