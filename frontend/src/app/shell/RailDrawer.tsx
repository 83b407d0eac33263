import { Drawer } from "@mantine/core";

import { Rail } from "./Rail";

/** The rail of a narrow page. */
export function RailDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Drawer opened={opened} onClose={onClose} position="left" size={248} withCloseButton={false} padding={0} title={null}>
      <Rail narrow={false} onNavigate={onClose} />
    </Drawer>
  );
}
