import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useState, type ReactNode } from "react";

import classes from "../Prose.module.css";

/** Leads nowhere until somebody has seen where it would lead. */
export function Link({ href, children }: { href?: string | undefined; children: ReactNode }) {
  const [asked, setAsked] = useState(false);
  const address = href ?? "";
  const opens = /^(?:https?|mailto):/i.test(address);
  return (
    <>
      <span
        role="button"
        tabIndex={0}
        className={classes.link}
        title={address}
        aria-expanded={asked}
        onClick={(event) => {
          setAsked(!asked);
          // Enter goes on meaning submit.
          event.currentTarget.blur();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          setAsked(!asked);
        }}
      >
        {children}
      </span>
      {asked ? (
        <span className={classes.address} data-not-text>
          {address || t`no address`}
          {opens ? (
            <a href={address} target="_blank" rel="noopener noreferrer nofollow">
              <Trans>Open</Trans>
            </a>
          ) : null}
        </span>
      ) : null}
    </>
  );
}
