import { Button, Group, Popover } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";

import type { JudgmentReceipt } from "@/api/types";
import { plural } from "@/lib/format";

import type { Outbox, OutboxState } from "./outbox";
import classes from "./RankingBar.module.css";

interface Props {
  outbox: Outbox;
  saving: OutboxState;
  receipt: JudgmentReceipt | null;
}

/** Says no more than is true: saved, on its way, or kept here. */
export function SaveState({ outbox, saving, receipt }: Props) {
  if (saving.refused.length > 0) return <Refused outbox={outbox} saving={saving} />;
  const waiting = saving.waiting.length;
  if (waiting > 0 && saving.held === "signed_out") {
    return <State care icon={<IconCloudOff {...ICON} />}>{`Signed out, ${waiting} kept here`}</State>;
  }
  if (waiting > 0 && saving.held === "offline") {
    return <State care icon={<IconCloudOff {...ICON} />}>{`Offline, ${waiting} kept here`}</State>;
  }
  if (waiting > 0) return <State icon={<IconCloudUp {...ICON} />}>{`Saving ${waiting}…`}</State>;
  return (
    <State icon={<IconCheck {...ICON} />}>
      {receipt?.state === "surplus" ? "Saved, beside the queue" : "Saved"}
    </State>
  );
}

const ICON = { size: 16, stroke: 1.8, "aria-hidden": true };

function State({ icon, care = false, children }: { icon: React.ReactNode; care?: boolean; children: string }) {
  return (
    <span className={care ? `${classes.saving} ${classes.care}` : classes.saving} data-testid="save-state">
      {icon}
      {children}
    </span>
  );
}

function Refused({ outbox, saving }: { outbox: Outbox; saving: OutboxState }) {
  return (
    <Popover position="bottom-end" width={360} withinPortal>
      <Popover.Target>
        <button type="button" className={`${classes.saving} ${classes.care}`} data-testid="save-state">
          <IconAlertTriangle {...ICON} />
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
