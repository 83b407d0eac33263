import { t } from "@lingui/core/macro";

import {
  IconArrowsSort,
  IconBook2,
  IconBox,
  IconCertificate,
  IconDatabase,
  IconEyeCheck,
  IconFileImport,
  IconForms,
  IconGauge,
  IconHandStop,
  IconHistory,
  IconLayoutDashboard,
  IconListNumbers,
  IconPlayerPlay,
  IconRefresh,
  IconScale,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";

import type { Permission } from "@/api/types";

export const PROJECT_PAGES = [
  { to: "/p/$slug", get label() { return t`Overview`; }, Icon: IconLayoutDashboard, needs: null, group: 0 },
  { to: "/p/$slug/annotate", get label() { return t`Rank`; }, Icon: IconArrowsSort, needs: "task.annotate", group: 0 },
  { to: "/p/$slug/rounds", get label() { return t`Rounds`; }, Icon: IconRefresh, needs: "round.view", group: 1 },
  { to: "/p/$slug/runs", get label() { return t`Runs`; }, Icon: IconPlayerPlay, needs: "run.view", group: 1 },
  { to: "/p/$slug/models", get label() { return t`Models`; }, Icon: IconBox, needs: "model.view", group: 1 },
  { to: "/p/$slug/datasets", get label() { return t`Datasets`; }, Icon: IconDatabase, needs: "snapshot.view", group: 1 },
  { to: "/p/$slug/queue", get label() { return t`Queue`; }, Icon: IconListNumbers, needs: "queue.view", group: 2 },
  { to: "/p/$slug/quality", get label() { return t`Quality`; }, Icon: IconGauge, needs: "quality.view", group: 2 },
  { to: "/p/$slug/adjudicate", get label() { return t`Adjudicate`; }, Icon: IconScale, needs: "task.adjudicate", group: 2 },
  { to: "/p/$slug/review", get label() { return t`Review`; }, Icon: IconEyeCheck, needs: "judgment.review", group: 2 },
  { to: "/p/$slug/gold", get label() { return t`Gold`; }, Icon: IconCertificate, needs: "queue.manage", group: 2 },
  { to: "/p/$slug/held", get label() { return t`Held back`; }, Icon: IconHandStop, needs: "queue.view", group: 2 },
  { to: "/p/$slug/protocol", get label() { return t`Protocol`; }, Icon: IconForms, needs: "protocol.edit", group: 3 },
  { to: "/p/$slug/guidelines", get label() { return t`Guidelines`; }, Icon: IconBook2, needs: null, group: 3 },
  { to: "/p/$slug/people", get label() { return t`People`; }, Icon: IconUsers, needs: "members.manage", group: 3 },
  { to: "/p/$slug/import", get label() { return t`Import`; }, Icon: IconFileImport, needs: "import.run", group: 3 },
  { to: "/p/$slug/audit", get label() { return t`Audit`; }, Icon: IconHistory, needs: "audit.view", group: 3 },
  { to: "/p/$slug/webhooks", get label() { return t`Webhooks`; }, Icon: IconWebhook, needs: "webhooks.manage", group: 3 },
] as const satisfies readonly {
  to: string;
  label: string;
  Icon: typeof IconBox;
  needs: Permission | null;
  group: number;
}[];

export type ProjectPage = (typeof PROJECT_PAGES)[number];

export function pagesFor(permissions: readonly string[]): ProjectPage[] {
  return PROJECT_PAGES.filter((page) => page.needs === null || permissions.includes(page.needs));
}
