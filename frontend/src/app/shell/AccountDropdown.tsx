import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Menu } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconDeviceDesktop, IconLogout, IconMoon, IconSettings, IconSun } from "@tabler/icons-react";

import { signOut, type SessionUser } from "@/api/session";
import { useAppearance } from "@/lib/appearance";
import { useClickAtFirst } from "@/lib/useClickAtFirst";

import { AccountButton } from "./AccountButton";

const SCHEMES = [
  { value: "light", get label() { return t`Light`; }, Icon: IconSun },
  { value: "dark", get label() { return t`Dark`; }, Icon: IconMoon },
  { value: "auto", get label() { return t`As the system`; }, Icon: IconDeviceDesktop },
] as const;

/** The menu of an account, opened as soon as it is there. */
export function AccountDropdown({ user }: { user: SessionUser }) {
  const button = useClickAtFirst();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { appearance, setAppearance } = useAppearance();
  const leave = useMutation({
    mutationFn: signOut,
    onSettled: async () => {
      client.clear();
      await navigate({ to: "/sign-in" });
    },
  });
  return (
    <Menu position="bottom-end" width={232} returnFocus>
      <Menu.Target>
        <AccountButton user={user} ref={button} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name}
          <br />
          {user.email}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings" leftSection={<IconSettings size={16} stroke={1.6} />}>
          <Trans>Settings</Trans>
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label><Trans>Appearance</Trans></Menu.Label>
        {SCHEMES.map(({ value, label, Icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={appearance === value}
            leftSection={<Icon size={16} stroke={1.6} />}
            rightSection={appearance === value ? "✓" : null}
            closeMenuOnClick={false}
            onClick={() => setAppearance(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.6} />} onClick={() => leave.mutate()}>
          <Trans>Sign out</Trans>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
