import { Notifications } from "@mantine/notifications";

import { isRightToLeft } from "@/lib/language";

/** Shows what `notifications.show` says, also what was said before this was there. */
export const Notices = () => (
  <Notifications position={isRightToLeft() ? "bottom-left" : "bottom-right"} limit={3} autoClose={5000} />
);
