import { t } from "@lingui/core/macro";
import { queryOptions } from "@tanstack/react-query";

import { api, ApiError, call, csrfToken, errorFrom } from "./client";
import type { ImportResult, Role } from "./types";

export interface NewMember {
  email: string;
  role: Role;
  name?: string;
  password?: string;
}

export const addMember = (slug: string, body: NewMember) =>
  call(api.POST("/api/projects/{slug}/members", { params: { path: { slug } }, body }));

export const removeMember = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/members/{membership_id}", { params: { path: { slug, membership_id: id } } }));

export const guidelinesQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "guidelines"],
    queryFn: () =>
      call(api.GET("/api/projects/{slug}/guidelines", { params: { path: { slug }, query: { page_size: 100 } } })),
  });

export const publishGuidelines = (slug: string, text: string, requiresReading: boolean) =>
  call(
    api.POST("/api/projects/{slug}/guidelines", {
      params: { path: { slug } },
      body: { text, requires_reading: requiresReading },
    }),
  );

export const acknowledgeGuidelines = (slug: string, number: number) =>
  call(api.POST("/api/projects/{slug}/guidelines/{number}/acknowledge", { params: { path: { slug, number } } }));

export interface ImportOptions {
  dryRun: boolean;
  skipBadRows: boolean;
  format?: string;
  /** For rows that name none. */
  licence?: string;
  source?: string;
}

export function importQuery(options: ImportOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.dryRun) query.set("dry_run", "1");
  if (options.skipBadRows) query.set("skip_bad_rows", "1");
  if (options.format) query.set("row_format", options.format);
  if (options.licence) query.set("licence", options.licence);
  if (options.source) query.set("source", options.source);
  return query;
}

/** Raw JSON Lines go as they are: the typed client would wrap them in JSON. */
export async function importRows(
  slug: string,
  body: Blob | string,
  options: ImportOptions,
): Promise<ImportResult> {
  const query = importQuery(options);
  let response: Response;
  try {
    response = await fetch(`/api/projects/${encodeURIComponent(slug)}/imports?${query}`, {
      method: "POST",
      body,
      headers: { "Content-Type": "application/x-ndjson", "X-CSRFToken": csrfToken() },
    });
  } catch {
    throw new ApiError(0, "unreachable", t`The server cannot be reached; nothing was imported. Try again.`);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorFrom(response.status, answer);
  return answer as ImportResult;
}
