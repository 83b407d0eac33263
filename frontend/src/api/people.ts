import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import { everyRow, pagedQuery, type ReadPage } from "./paging";
import type { components } from "./schema";
import type { Caps, ImportedWorker, Member, ProjectInvitation, Role } from "./types";

type Schemas = components["schemas"];
export type NewInvitation = Schemas["InvitationCreateRequest"];
export type ProjectChange = Schemas["PatchedProjectUpdateRequest"];

export interface MemberFilter {
  role?: Role;
  search?: string;
  team?: number;
}

export const readMembers =
  (slug: string, filter: MemberFilter): ReadPage<Member> =>
  (page) =>
    call(api.GET("/api/projects/{slug}/members", { params: { path: { slug }, query: { ...filter, ...page } } }));

export const membersListQuery = (slug: string, filter: MemberFilter) =>
  pagedQuery(["project", slug, "members", filter], readMembers(slug, filter));

/** Everybody, by name and number: for choosing one of them. */
export const everyMemberQuery = (slug: string) =>
  queryOptions({ queryKey: ["project", slug, "members", "all"], queryFn: () => everyRow(readMembers(slug, {})) });

export const setCaps = (slug: string, membership: number, caps: Caps) =>
  call(
    api.PUT("/api/projects/{slug}/members/{membership_id}/caps", {
      params: { path: { slug, membership_id: membership } },
      body: caps,
    }),
  );

/** Those named in imported judgments; with `linked`, only those who are known as a member, or are not. */
export const workersQuery = (slug: string, linked?: boolean) =>
  pagedQuery<ImportedWorker>(["project", slug, "workers", linked ?? "all"], (page) =>
    call(
      api.GET("/api/projects/{slug}/imported-workers", {
        params: { path: { slug }, query: { ...page, ...(linked === undefined ? {} : { linked }) } },
      }),
    ),
  );

const ofWorker = (slug: string, id: number) => ({ path: { slug, worker_id: id } });

export const linkWorker = (slug: string, id: number, user: number) =>
  call(
    api.PUT("/api/projects/{slug}/imported-workers/{worker_id}/link", { params: ofWorker(slug, id), body: { user } }),
  );

export const unlinkWorker = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/imported-workers/{worker_id}/link", { params: ofWorker(slug, id) }));

export const invitationsQuery = (slug: string) =>
  pagedQuery<ProjectInvitation>(["project", slug, "invitations", "list"], (page) =>
    call(api.GET("/api/projects/{slug}/invitations", { params: { path: { slug }, query: page } })),
  );

export const createInvitation = (slug: string, body: NewInvitation) =>
  call(api.POST("/api/projects/{slug}/invitations", { params: { path: { slug } }, body }));

export const revokeInvitation = (slug: string, id: number) =>
  call(
    api.DELETE("/api/projects/{slug}/invitations/{invitation_id}", { params: { path: { slug, invitation_id: id } } }),
  );

export const invitationUsesQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: ["project", slug, "invitations", "uses", id],
    queryFn: () =>
      everyRow((page) =>
        call(
          api.GET("/api/projects/{slug}/invitations/{invitation_id}/uses", {
            params: { path: { slug, invitation_id: id }, query: page },
          }),
        ),
      ),
  });

export const teamsQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "teams", "list"],
    queryFn: () =>
      everyRow((page) => call(api.GET("/api/projects/{slug}/teams", { params: { path: { slug }, query: page } }))),
  });

export const createTeam = (slug: string, name: string) =>
  call(api.POST("/api/projects/{slug}/teams", { params: { path: { slug } }, body: { name } }));

export const deleteTeam = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/teams/{team_id}", { params: { path: { slug, team_id: id } } }));

export const teamMembersQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: ["project", slug, "teams", "members", id],
    queryFn: () =>
      everyRow((page) =>
        call(
          api.GET("/api/projects/{slug}/teams/{team_id}/members", {
            params: { path: { slug, team_id: id }, query: page },
          }),
        ),
      ),
  });

export const joinTeam = (slug: string, id: number, user: number) =>
  call(
    api.POST("/api/projects/{slug}/teams/{team_id}/members", { params: { path: { slug, team_id: id } }, body: { user } }),
  );

export const leaveTeam = (slug: string, id: number, user: number) =>
  call(
    api.DELETE("/api/projects/{slug}/teams/{team_id}/members/{user_id}", {
      params: { path: { slug, team_id: id, user_id: user } },
    }),
  );

export const changeProject = (slug: string, body: ProjectChange) =>
  call(api.PATCH("/api/projects/{slug}", { params: { path: { slug } }, body }));
