import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const presetsQuery = queryOptions({
  queryKey: ["run-presets"],
  queryFn: () => call(api.GET("/api/run-presets")),
  staleTime: Infinity,
});

/** What launching `spec` would say; nothing is stored. */
export const checkQuery = (slug: string, what: "runs" | "rounds", spec: Record<string, unknown>) =>
  queryOptions({
    queryKey: ["project", slug, what, "check", spec],
    queryFn: () => {
      const init = { params: { path: { slug } }, body: spec };
      return what === "runs"
        ? call(api.POST("/api/projects/{slug}/runs/check", init))
        : call(api.POST("/api/projects/{slug}/rounds/check", init));
    },
    staleTime: 60_000,
  });
