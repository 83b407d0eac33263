import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { TokenScope } from "./types";

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => call(api.GET("/api/tokens")),
});

/** Without scopes: all that its owner may do. */
export const createToken = (body: { name: string; scopes?: TokenScope[] }) => call(api.POST("/api/tokens", { body }));
export const revokeToken = (id: number) => call(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } }));
export const renameMe = (name: string) => call(api.PATCH("/api/me", { body: { name } }));
export const changePassword = (body: { old: string; new: string }) => call(api.POST("/api/me/password", { body }));

export const secondFactorQuery = queryOptions({
  queryKey: ["second-factor"],
  queryFn: () => call(api.GET("/api/me/second-factor")),
});

export const newSecret = () => call(api.POST("/api/me/second-factor/secret"));
export const turnOnSecondFactor = (code: string) => call(api.POST("/api/me/second-factor", { body: { code } }));
export const turnOffSecondFactor = (code: string) =>
  call(api.DELETE("/api/me/second-factor", { params: { query: { code } } }));
