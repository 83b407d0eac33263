import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { LogLine, MetricPoint, RunKind, RunState } from "./types";

export interface RunFilter {
  kind?: RunKind;
  state?: RunState;
}

export const ACTIVE_STATES: readonly RunState[] = ["queued", "starting", "running"];
export const isActive = (state: RunState) => ACTIVE_STATES.includes(state);

export const runsQuery = (slug: string, filter: RunFilter = {}) =>
  infiniteQueryOptions({
    queryKey: ["project", slug, "runs", filter],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/projects/{slug}/runs", {
          params: { path: { slug }, query: { ...filter, page_size: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: ["run", id, "detail"],
    queryFn: () => call(api.GET("/api/runs/{run_id}", { params: { path: { run_id: id } } })),
  });

export const runKindsQuery = queryOptions({
  queryKey: ["run-kinds"],
  queryFn: () => call(api.GET("/api/run-kinds")),
  staleTime: Infinity,
});

export interface MetricSeries {
  lastId: number;
  points: MetricPoint[];
}

/** Each refetch asks only for what came since the last point held. */
export const metricsQuery = (id: number) =>
  queryOptions({
    queryKey: ["run", id, "metrics"],
    queryFn: async ({ client, queryKey }): Promise<MetricSeries> => {
      const held = client.getQueryData<MetricSeries>(queryKey) ?? { lastId: 0, points: [] };
      const fresh: MetricPoint[] = [];
      let after = held.lastId;
      for (;;) {
        const { points } = await call(
          api.GET("/api/runs/{run_id}/metrics", { params: { path: { run_id: id }, query: { after_id: after } } }),
        );
        const last = points.at(-1);
        if (!last || last.id <= after) break;
        fresh.push(...points);
        after = last.id;
      }
      return fresh.length ? { lastId: after, points: held.points.concat(fresh) } : held;
    },
    structuralSharing: false,
  });

export interface LogTail {
  lastId: number;
  lines: LogLine[];
}

export const logsQuery = (id: number) =>
  queryOptions({
    queryKey: ["run", id, "logs"],
    queryFn: async ({ client, queryKey }): Promise<LogTail> => {
      const held = client.getQueryData<LogTail>(queryKey) ?? { lastId: 0, lines: [] };
      const fresh: LogLine[] = [];
      let after = held.lastId;
      for (;;) {
        const { lines } = await call(
          api.GET("/api/runs/{run_id}/logs", { params: { path: { run_id: id }, query: { after_id: after } } }),
        );
        const last = lines.at(-1);
        if (!last || last.id <= after) break;
        fresh.push(...lines);
        after = last.id;
      }
      return fresh.length ? { lastId: after, lines: held.lines.concat(fresh) } : held;
    },
    structuralSharing: false,
  });

export const SAMPLES_PER_PAGE = 20;

export const samplesQuery = (id: number, offset: number) =>
  queryOptions({
    queryKey: ["run", id, "samples", offset],
    queryFn: () => call(api.GET("/api/runs/{run_id}/samples", { params: { path: { run_id: id }, query: { offset, limit: SAMPLES_PER_PAGE } } })),
  });

export const launchRun = (slug: string, spec: Record<string, unknown>) =>
  call(api.POST("/api/projects/{slug}/runs", { params: { path: { slug } }, body: spec }));
export const cancelRun = (id: number) => call(api.POST("/api/runs/{run_id}/cancel", { params: { path: { run_id: id } } }));
export const retryRun = (id: number) => call(api.POST("/api/runs/{run_id}/retry", { params: { path: { run_id: id } } }));
