import { Button, Group, Popover } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { plural } from "@/lib/format";

import type { Outbox, OutboxState } from "./outbox";
import classes from "./RankingBar.module.css";

/** Judgments that the server did not take: to keep, or to let go. */
export function Refused({ outbox, saving }: { outbox: Outbox; saving: OutboxState }) {
  return (
    <Popover position="bottom-end" width={360} withinPortal>
      <Popover.Target>
        <button type="button" className={`${classes.saving} ${classes.care}`} data-testid="save-state">
          <IconAlertTriangle size={16} stroke={1.8} aria-hidden />
          {saving.refused.length} not accepted
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.refusals}>
          <div>
            {plural(saving.refused.length, "judgment")} came back. Nothing is lost: download what you said and send it
            to your lead, or let it go.
          </div>
          {saving.refused.map((entry) => (
            <div key={entry.clientKey}>{entry.refused}</div>
          ))}
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => download(saving.refused)}>
              Download
            </Button>
            <Button
              size="xs"
              variant="default"
              onClick={() => saving.refused.forEach((entry) => outbox.dismiss(entry.clientKey))}
            >
              Let it go
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
