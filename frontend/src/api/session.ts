import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => refreshSession(),
  staleTime: 60_000,
});

export type SessionUser = NonNullable<Awaited<ReturnType<typeof refreshSession>>["user"]>;

export const refreshSession = () => call(api.GET("/api/session"));

/** A password, and then the code where a second factor is needed. */
export const signIn = (body: { email: string; password: string } | { code: string }) => call(api.POST("/api/session", { body }));
export const signOut = () => call(api.DELETE("/api/session"));

export const providersQuery = queryOptions({
  queryKey: ["session", "providers"],
  queryFn: () => call(api.GET("/api/session/providers")),
  staleTime: Infinity,
});

/** Where to send the browser; it comes back to `next`. */
export const startProvider = (body: { provider: string; next: string }) =>
  call(api.POST("/api/session/providers", { body }));

export const setUp = (body: { email: string; name: string; password: string; setup_key?: string }) =>
  call(api.POST("/api/setup", { body }));

export const requestPasswordReset = (email: string) => call(api.POST("/api/password-reset", { body: { email } }));

export const confirmPasswordReset = (body: { uid: string; token: string; password: string }) =>
  call(api.POST("/api/password-reset/confirm", { body }));
