import type { Permission } from "@/api/types";

export function may(project: { my_permissions: readonly Permission[] }, permission: Permission): boolean {
  return project.my_permissions.includes(permission);
}
