import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => call(api.GET("/api/tokens")),
});

export const createToken = (name: string) => call(api.POST("/api/tokens", { body: { name } }));
export const revokeToken = (id: number) => call(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } }));
export const renameMe = (name: string) => call(api.PATCH("/api/me", { body: { name } }));
export const changePassword = (body: { old: string; new: string }) => call(api.POST("/api/me/password", { body }));
