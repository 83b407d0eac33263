import { t } from "@lingui/core/macro";
import { queryOptions } from "@tanstack/react-query";

import { api, ApiError, call, csrfToken, errorFrom } from "./client";
import { importQuery, type ImportOptions } from "./lead";
import { pagedQuery } from "./paging";
import type { ImportJob } from "./types";

export const importFormatsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "import-formats"],
    queryFn: () => call(api.GET("/api/projects/{slug}/import-formats", { params: { path: { slug } } })),
    staleTime: Infinity,
  });

export const importJobsQuery = (slug: string) =>
  pagedQuery(["project", slug, "imports", "jobs"], (page) =>
    call(api.GET("/api/projects/{slug}/import-jobs", { params: { path: { slug }, query: page } })),
  );

/** A file goes as it is: the typed client would wrap it in JSON. */
export async function startImportJob(slug: string, file: Blob, name: string, options: ImportOptions): Promise<ImportJob> {
  const query = importQuery(options);
  query.set("filename", name);
  let response: Response;
  try {
    response = await fetch(`/api/projects/${encodeURIComponent(slug)}/import-jobs?${query}`, {
      method: "POST",
      body: file,
      headers: { "Content-Type": "application/octet-stream", "X-CSRFToken": csrfToken() },
    });
  } catch {
    throw new ApiError(0, "unreachable", t`The server cannot be reached; nothing was imported. Try again.`);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorFrom(response.status, answer);
  return answer as ImportJob;
}

const one = (slug: string, id: number) => ({ params: { path: { slug, job_id: id } } });

export const cancelImportJob = (slug: string, id: number) =>
  call(api.POST("/api/projects/{slug}/import-jobs/{job_id}/cancel", one(slug, id)));

export const resumeImportJob = (slug: string, id: number) =>
  call(api.POST("/api/projects/{slug}/import-jobs/{job_id}/resume", one(slug, id)));

export const importErrorsAddress = (slug: string, id: number, format: "csv" | "jsonl"): string =>
  `/api/projects/${encodeURIComponent(slug)}/import-jobs/${id}/errors?format=${format}`;
