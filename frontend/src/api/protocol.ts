import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import { pagedQuery } from "./paging";
import type { Protocol } from "./types";

export const protocolQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "protocol", "now"],
    queryFn: () => call(api.GET("/api/projects/{slug}/protocol", { params: { path: { slug } } })),
  });

export const protocolVersionsQuery = (slug: string) =>
  pagedQuery(["project", slug, "protocol", "versions"], (page) =>
    call(api.GET("/api/projects/{slug}/protocol/versions", { params: { path: { slug }, query: page } })),
  );

export const saveProtocol = (slug: string, protocol: Protocol, basedOn: number) =>
  call(api.PUT("/api/projects/{slug}/protocol", { params: { path: { slug } }, body: { protocol, based_on: basedOn } }));
