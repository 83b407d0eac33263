import { Button, CopyButton, Group, Popover } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { issueCompletionCode } from "@/api/queue";

import classes from "./RankingBar.module.css";

interface Props {
  slug: string;
  userId: number;
  judged: number;
  needed: number;
}

/** For people of a crowd platform: their code, once they have judged enough. The server shows it
 * once, so this browser keeps it. */
export function CompletionCode({ slug, userId, judged, needed }: Props) {
  const place = `plumbline.code.${userId}.${slug}`;
  const [code, setCode] = useState(() => kept(place));
  const ask = useMutation({
    mutationFn: () => issueCompletionCode(slug),
    onSuccess: ({ code: issued }) => {
      setCode(issued);
      keep(place, issued);
    },
  });
  if (code === null && judged < needed) {
    return (
      <span className={classes.pace}>
        {judged} of {needed}
      </span>
    );
  }
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

function kept(place: string): string | null {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}

function keep(place: string, code: string): void {
  try {
    localStorage.setItem(place, code);
  } catch {
    // It is on the page, and a lead can look it up.
  }
}
