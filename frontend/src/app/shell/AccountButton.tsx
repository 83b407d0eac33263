import { t } from "@lingui/core/macro";
import { ActionIcon, type ActionIconProps } from "@mantine/core";
import type { ComponentPropsWithRef } from "react";

import type { SessionUser } from "@/api/session";

type Props = { user: SessionUser } & ActionIconProps & Omit<ComponentPropsWithRef<"button">, keyof ActionIconProps>;

/** Whose session this is, by initials. */
export function AccountButton({ user, ...others }: Props) {
  return (
    <ActionIcon variant="default" size={32} radius="xl" aria-label={t`Account of ${user.name}`} {...others}>
      <span style={{ fontSize: 12, fontWeight: 600 }}>{initials(user.name || user.email)}</span>
    </ActionIcon>
  );
}

function initials(name: string): string {
  const parts = name.split(/[\s@.]+/).filter(Boolean);
  return ((parts[0]?.[0] ?? "?") + (parts.length > 1 ? (parts[1]?.[0] ?? "") : "")).toUpperCase();
}
