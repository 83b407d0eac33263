import { Notifications } from "@mantine/notifications";

/** Shows what `notifications.show` says, also what was said before this was there. */
export const Notices = () => <Notifications position="bottom-right" limit={3} autoClose={5000} />;
