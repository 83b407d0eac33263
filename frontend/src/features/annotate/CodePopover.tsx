import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, CopyButton, Group, Popover } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { issueCompletionCode } from "@/api/queue";

import { keepCode, keptCode } from "./keptCode";
import classes from "./RankingBar.module.css";

interface Props {
  slug: string;
  userId: number;
  judged: number;
}

/** The code that ends the work of somebody of a crowd platform. The server shows it once, so this
 * browser keeps it. */
export function CodePopover({ slug, userId, judged }: Props) {
  const [code, setCode] = useState(() => keptCode(userId, slug));
  const ask = useMutation({
    mutationFn: () => issueCompletionCode(slug),
    onSuccess: ({ code: issued }) => {
      setCode(issued);
      keepCode(userId, slug, issued);
    },
  });
  return (
    <Popover position="bottom-end" width={300} withinPortal defaultOpened trapFocus={false}>
      <Popover.Target>
        <button type="button" className={classes.saving}>
          <Trans>Completion code</Trans>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.refusals}>
          {code ? (
            <>
              <div><Trans>Enter this code on the platform you came from.</Trans></div>
              <Group gap="xs">
                <code className={classes.code}>{code}</code>
                <CopyButton value={code}>
                  {({ copied, copy }) => (
                    <Button size="xs" variant="default" onClick={copy}>
                      {copied ? t`Copied` : t`Copy`}
                    </Button>
                  )}
                </CopyButton>
              </Group>
            </>
          ) : (
            <>
              <div><Trans>You have judged {judged} tasks, which is all that was asked of you. Thank you.</Trans></div>
              {ask.error ? <div role="alert">{messageOf(ask.error)}</div> : null}
              <Group gap="xs">
                <Button size="xs" loading={ask.isPending} onClick={() => ask.mutate()}>
                  <Trans>Show my code</Trans>
                </Button>
              </Group>
            </>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
