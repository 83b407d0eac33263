import { Plural, Trans } from "@lingui/react/macro";
import { Button, Group, Popover } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";


import type { Outbox, OutboxState } from "./outbox";
import classes from "./RankingBar.module.css";

/** Judgments that the server did not take: to keep, or to let go. */
export function Refused({ outbox, saving }: { outbox: Outbox; saving: OutboxState }) {
  return (
    <Popover position="bottom-end" width={360} withinPortal>
      <Popover.Target>
        <button type="button" className={`${classes.saving} ${classes.care}`} data-testid="save-state">
          <IconAlertTriangle size={16} stroke={1.8} aria-hidden />
          <Trans>{saving.refused.length} not accepted</Trans>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.refusals}>
          <div>
            <Trans>
              <Plural value={saving.refused.length} one="# judgment" other="# judgments" /> came back. Nothing is lost: download what you
              said and send it to your lead, or let it go.
            </Trans>
          </div>
          {saving.refused.map((entry) => (
            <div key={entry.clientKey}>{entry.refused}</div>
          ))}
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => download(saving.refused)}>
              <Trans>Download</Trans>
            </Button>
            <Button
              size="xs"
              variant="default"
              onClick={() => saving.refused.forEach((entry) => outbox.dismiss(entry.clientKey))}
            >
              <Trans>Let it go</Trans>
            </Button>
          </Group>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function download(entries: OutboxState["refused"]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(entries, null, 2)], { type: "application/json" }));
  link.download = "judgments-not-accepted.json";
  link.click();
  URL.revokeObjectURL(link.href);
}
