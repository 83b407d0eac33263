import { t } from "@lingui/core/macro";
import { IconAlertTriangle, IconCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import { Suspense } from "react";

import type { JudgmentReceipt } from "@/api/types";
import { later } from "@/lib/later";

import type { Outbox, OutboxState } from "./outbox";
import classes from "./RankingBar.module.css";

const Refused = later(() => import("./Refused").then((module) => module.Refused), NotAccepted);

interface Props {
  outbox: Outbox;
  saving: OutboxState;
  receipt: JudgmentReceipt | null;
}

/** Says no more than is true: saved, on its way, or kept here. */
export function SaveState({ outbox, saving, receipt }: Props) {
  if (saving.refused.length > 0) {
    return (
      <Suspense fallback={<NotAccepted saving={saving} />}>
        <Refused outbox={outbox} saving={saving} />
      </Suspense>
    );
  }
  const waiting = saving.waiting.length;
  if (waiting > 0 && saving.held === "signed_out") {
    return <State care icon={<IconCloudOff {...ICON} />}>{t`Signed out, ${waiting} kept here`}</State>;
  }
  if (waiting > 0 && saving.held === "offline") {
    return <State care icon={<IconCloudOff {...ICON} />}>{t`Offline, ${waiting} kept here`}</State>;
  }
  if (waiting > 0) return <State icon={<IconCloudUp {...ICON} />}>{t`Saving ${waiting}…`}</State>;
  return (
    <State icon={<IconCheck {...ICON} />}>
      {receipt?.state === "surplus" ? t`Saved, beside the queue` : t`Saved`}
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

function NotAccepted({ saving }: { saving: OutboxState }) {
  return <State care icon={<IconAlertTriangle {...ICON} />}>{t`${saving.refused.length} not accepted`}</State>;
}
