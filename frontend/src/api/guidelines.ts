import { api, call } from "./client";
import { everyRow } from "./paging";
import type { components } from "./schema";
import { queryOptions } from "@tanstack/react-query";

export type Requeue = components["schemas"]["RequeueRequest"];

/** Version 0 asks nobody to read. */
export const requireReading = (slug: string, number: number) =>
  call(api.PUT("/api/projects/{slug}/guidelines/required", { params: { path: { slug } }, body: { number } }));

export const requeueJudged = (slug: string, body: Requeue) =>
  call(api.POST("/api/projects/{slug}/guidelines/requeue", { params: { path: { slug } }, body }));

export const acknowledgementsQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ["project", slug, "guidelines", "read-by", number],
    queryFn: () =>
      everyRow((page) =>
        call(
          api.GET("/api/projects/{slug}/guidelines/{number}/acknowledgements", {
            params: { path: { slug, number }, query: page },
          }),
        ),
      ),
  });
