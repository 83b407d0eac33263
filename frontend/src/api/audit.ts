import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { AuditEvent } from "./types";

export interface AuditFilter {
  actor?: number;
  action?: string;
  object_type?: string;
  object_id?: string;
  since?: string;
  until?: string;
}

export const readAudit =
  (slug: string, filter: AuditFilter): ReadPage<AuditEvent> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/audit", { params: { path: { slug }, query: { ...filter, ...page } } }));

export const auditQuery = (slug: string, filter: AuditFilter) =>
  pagedQuery(["project", slug, "audit", filter], readAudit(slug, filter));

export function auditCsvAddress(slug: string, filter: AuditFilter): string {
  const query = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)]));
  return `/api/projects/${encodeURIComponent(slug)}/audit/csv${query.size ? `?${query}` : ""}`;
}
