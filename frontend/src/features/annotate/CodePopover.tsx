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
          Completion code
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.refusals}>
          {code ? (
            <>
              <div>Enter this code on the platform you came from.</div>
              <Group gap="xs">
                <code className={classes.code}>{code}</code>
                <CopyButton value={code}>
                  {({ copied, copy }) => (
                    <Button size="xs" variant="default" onClick={copy}>
                      {copied ? "Copied" : "Copy"}
                    </Button>
                  )}
                </CopyButton>
              </Group>
            </>
          ) : (
            <>
              <div>You have judged {judged} tasks, which is all that was asked of you. Thank you.</div>
              {ask.error ? <div role="alert">{messageOf(ask.error)}</div> : null}
              <Group gap="xs">
                <Button size="xs" loading={ask.isPending} onClick={() => ask.mutate()}>
                  Show my code
                </Button>
              </Group>
            </>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
