import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const consentQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "consent"],
    queryFn: () => call(api.GET("/api/projects/{slug}/consent", { params: { path: { slug } } })),
  });

export const acceptConsent = (slug: string, version: number) =>
  call(api.POST("/api/projects/{slug}/consent/accept", { params: { path: { slug } }, body: { version } }));

export const withdrawConsent = (slug: string) =>
  call(api.POST("/api/projects/{slug}/consent/withdraw", { params: { path: { slug } } }));
