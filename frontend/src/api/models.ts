import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { Model } from "./types";

export const modelsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "models"],
    queryFn: () =>
      call(api.GET("/api/projects/{slug}/models", { params: { path: { slug }, query: { page_size: 200 } } })),
  });

export const modelQuery = (id: number) =>
  queryOptions({
    queryKey: ["model", id],
    queryFn: () => call(api.GET("/api/models/{model_id}", { params: { path: { model_id: id } } })),
  });

export const lineageQuery = (id: number) =>
  queryOptions({
    queryKey: ["model", id, "lineage"],
    queryFn: () => call(api.GET("/api/models/{model_id}/lineage", { params: { path: { model_id: id } } })),
  });

export const registerModel = (slug: string, body: { name: string; kind: Model["kind"]; source: string }) =>
  call(api.POST("/api/projects/{slug}/models", { params: { path: { slug } }, body }));

export const moveModel = (id: number, stage: Model["stage"]) =>
  call(api.POST("/api/models/{model_id}/stage", { params: { path: { model_id: id } }, body: { stage } }));
