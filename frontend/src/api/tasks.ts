import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { components } from "./schema";
import type { Arm, SlotState, Task } from "./types";

export type QueueRulesChange = components["schemas"]["PatchedQueueRulesRequest"];
export type TaskChange = components["schemas"]["PatchedTaskChangeRequest"];
export type GoldAnswer = components["schemas"]["GoldRequest"];

export interface TaskFilter {
  arm?: Arm;
  state?: SlotState;
  order?: "newest" | "oldest";
}

export const readTasks =
  (slug: string, filter: TaskFilter): ReadPage<Task> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/tasks", { params: { path: { slug }, query: { ...filter, ...page } } }));

export const tasksQuery = (slug: string, filter: TaskFilter) =>
  pagedQuery(["project", slug, "tasks", "list", filter], readTasks(slug, filter));

/** The task that has waited longest; null when nothing waits. */
export const oldestOpenQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "tasks", "oldest"],
    queryFn: async () => (await readTasks(slug, { state: "open", order: "oldest" })({ page_size: 1 })).results[0] ?? null,
  });

export const taskQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: ["project", slug, "tasks", "one", id],
    queryFn: () => call(api.GET("/api/projects/{slug}/tasks/{task_id}", { params: { path: { slug, task_id: id } } })),
  });

export const changeTask = (slug: string, id: number, body: TaskChange) =>
  call(api.PATCH("/api/projects/{slug}/tasks/{task_id}", { params: { path: { slug, task_id: id } }, body }));

export const changeTasks = (slug: string, tasks: number[], body: TaskChange) =>
  call(api.POST("/api/projects/{slug}/tasks/change", { params: { path: { slug } }, body: { ...body, tasks } }));

export const setGold = (slug: string, id: number, body: GoldAnswer) =>
  call(api.PUT("/api/projects/{slug}/tasks/{task_id}/gold", { params: { path: { slug, task_id: id } }, body }));

export const retireGold = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/tasks/{task_id}/gold", { params: { path: { slug, task_id: id } } }));

// Kept under "tasks", which is what the server's "queue" messages make stale.
export const leasesQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "tasks", "leases"],
    queryFn: () => call(api.GET("/api/projects/{slug}/leases", { params: { path: { slug } } })),
  });

export const releaseLease = (slug: string, assignment: string) =>
  call(
    api.POST("/api/projects/{slug}/leases/{assignment_id}/release", {
      params: { path: { slug, assignment_id: assignment } },
    }),
  );

export const queueRulesQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "queue-rules"],
    queryFn: () => call(api.GET("/api/projects/{slug}/queue", { params: { path: { slug } } })),
  });

export const changeQueueRules = (slug: string, body: QueueRulesChange) =>
  call(api.PATCH("/api/projects/{slug}/queue", { params: { path: { slug } }, body }));

export const paceQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "presence", "pace"],
    queryFn: () => call(api.GET("/api/projects/{slug}/pace", { params: { path: { slug } } })),
  });

export const presenceQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "presence", "now"],
    queryFn: () => call(api.GET("/api/projects/{slug}/presence", { params: { path: { slug } } })),
  });
