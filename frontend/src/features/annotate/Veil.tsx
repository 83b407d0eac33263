import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { messageOf } from "@/api/client";
import { Key } from "@/components/Key";
import { Note } from "@/components/States";

import classes from "./Veil.module.css";

interface Props {
  tags: readonly string[];
  error: unknown;
  canSkip: boolean;
  onReveal: () => void;
  revealKey: string | undefined;
  children: ReactNode;
}

/** Keeps what carries a risk tag out of sight until somebody asks for it. */
export function Veil({ tags, error, canSkip, onReveal, revealKey, children }: Props) {
  return (
    <>
      <Note>
        <Trans>
          This task is marked <b>{tags.join(", ")}</b>, so it is hidden until you ask for it.
        </Trans>
        {canSkip ? ` ${t`You may skip it; that costs you nothing.`}` : ""}
        <div className={classes.action}>
          <Button size="xs" variant="default" onClick={onReveal} rightSection={revealKey ? <Key name={revealKey} /> : null}>
            <Trans>Show</Trans>
          </Button>
        </div>
      </Note>
      {error ? <Note care>{messageOf(error)}</Note> : null}
      <div className={classes.veiled} aria-hidden inert>
        {children}
      </div>
    </>
  );
}
