import { t } from "@lingui/core/macro";
import { ActionIcon, type ActionIconProps } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import type { ComponentPropsWithRef } from "react";

type Props = ActionIconProps & Omit<ComponentPropsWithRef<"button">, keyof ActionIconProps>;

export function ReadingButton(props: Props) {
  return (
    <ActionIcon variant="subtle" color="gray" size={36} aria-label={t`Reading settings`} {...props}>
      <IconAdjustmentsHorizontal size={20} stroke={1.6} aria-hidden />
    </ActionIcon>
  );
}
