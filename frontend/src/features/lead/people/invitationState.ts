import type { ProjectInvitation } from "@/api/types";

type Facts = Pick<ProjectInvitation, "revoked_at" | "expires_at" | "max_uses" | "num_uses">;

export function invitationState(row: Facts, now: Date): "open" | "revoked" | "expired" | "used" {
  if (row.revoked_at) return "revoked";
  if (row.max_uses != null && (row.num_uses ?? 0) >= row.max_uses) return "used";
  return new Date(row.expires_at) <= now ? "expired" : "open";
}
