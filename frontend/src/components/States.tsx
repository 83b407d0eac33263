import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { ApiError, messageOf } from "@/api/client";

import classes from "./States.module.css";

interface EmptyProps {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}

/** What this place will show, and the button that fills it. */
export function Empty({ title, children, actions }: EmptyProps) {
  return (
    <div className={classes.state}>
      <p className={classes.title}>{title}</p>
      <p className={classes.body}>{children}</p>
      {actions ? <div className={classes.actions}>{actions}</div> : null}
    </div>
  );
}

interface FailureProps {
  what: string;
  error: unknown;
  retry?: (() => void) | undefined;
}

/** What failed, what to do, and where to look. */
export function Failure({ what, error, retry }: FailureProps) {
  const status = error instanceof ApiError ? error.status : null;
  return (
    <div className={`${classes.state} ${classes.error}`} role="alert">
      <p className={classes.title}>{what}</p>
      <p className={classes.body}>{messageOf(error)}</p>
      {status !== null && status >= 500 ? (
        <p className={classes.body}><Trans>The server&apos;s log has the details.</Trans></p>
      ) : null}
      {retry ? (
        <div className={classes.actions}>
          <Button variant="default" onClick={retry}>
            <Trans>Try again</Trans>
          </Button>
        </div>
      ) : null}
    </div>
  );
}

export function Note({ children, care = false }: { children: ReactNode; care?: boolean }) {
  const Icon = care ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={care ? `${classes.note} ${classes.care}` : classes.note} role={care ? "alert" : "note"}>
      <Icon size={17} stroke={1.7} aria-hidden />
      <div>{children}</div>
    </div>
  );
}
