import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => refreshSession(),
  staleTime: 60_000,
});

export const refreshSession = () => call(api.GET("/api/session"));

export const signIn = (body: { email: string; password: string }) => call(api.POST("/api/session", { body }));
export const signOut = () => call(api.DELETE("/api/session"));

export const setUp = (body: { email: string; name: string; password: string; setup_key?: string }) =>
  call(api.POST("/api/setup", { body }));

export const requestPasswordReset = (email: string) => call(api.POST("/api/password-reset", { body: { email } }));

export const confirmPasswordReset = (body: { uid: string; token: string; password: string }) =>
  call(api.POST("/api/password-reset/confirm", { body }));
