import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { IconCloudOff } from "@tabler/icons-react";
import { useEffect } from "react";

import { sessionQuery } from "@/api/session";
import { useReachable } from "@/lib/connection";

import classes from "./Shell.module.css";

const ASK_AGAIN_MS = 4_000;

/** Says when the server is away, asks until it is back, and then refreshes what is shown. */
export function ConnectionBanner({ silent }: { silent: boolean }) {
  const reachable = useReachable();
  const client = useQueryClient();
  useEffect(() => {
    if (reachable) return;
    const timer = setInterval(() => {
      client
        .query({ ...sessionQuery, staleTime: 0, retry: false })
        .then(() => client.invalidateQueries())
        .catch(() => undefined);
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [client, reachable]);
  if (reachable || silent) return null;
  return (
    <div className={classes.banner} role="status">
      <IconCloudOff size={17} stroke={1.7} aria-hidden />
      <Trans>The server cannot be reached. What you see may be old; it refreshes by itself when the server is back.</Trans>
    </div>
  );
}
