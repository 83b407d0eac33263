import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";

/** How a crowd platform named the person on the link. */
export interface Arrival {
  platform: string;
  worker_id: string;
}

// The token goes in the body, so that it stands in no access log.
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    queryFn: () => call(api.POST("/api/invitations/look", { body: { token } })),
    retry: false,
  });

export const acceptInvitation = (body: { token: string } & Arrival) =>
  call(api.POST("/api/invitations/accept", { body }));

export const joinByInvitation = (body: { token: string; email: string; name: string; password: string } & Arrival) =>
  call(api.POST("/api/invitations/join", { body }));
