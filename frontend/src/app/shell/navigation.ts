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
  { to: "/p/$slug", label: "Overview", Icon: IconLayoutDashboard, needs: null, group: 0 },
  { to: "/p/$slug/annotate", label: "Rank", Icon: IconArrowsSort, needs: "task.annotate", group: 0 },
  { to: "/p/$slug/rounds", label: "Rounds", Icon: IconRefresh, needs: "round.view", group: 1 },
  { to: "/p/$slug/runs", label: "Runs", Icon: IconPlayerPlay, needs: "run.view", group: 1 },
  { to: "/p/$slug/models", label: "Models", Icon: IconBox, needs: "model.view", group: 1 },
  { to: "/p/$slug/datasets", label: "Datasets", Icon: IconDatabase, needs: "snapshot.view", group: 1 },
  { to: "/p/$slug/queue", label: "Queue", Icon: IconListNumbers, needs: "queue.view", group: 2 },
  { to: "/p/$slug/quality", label: "Quality", Icon: IconGauge, needs: "quality.view", group: 2 },
  { to: "/p/$slug/adjudicate", label: "Adjudicate", Icon: IconScale, needs: "task.adjudicate", group: 2 },
  { to: "/p/$slug/review", label: "Review", Icon: IconEyeCheck, needs: "judgment.review", group: 2 },
  { to: "/p/$slug/gold", label: "Gold", Icon: IconCertificate, needs: "queue.manage", group: 2 },
  { to: "/p/$slug/held", label: "Held back", Icon: IconHandStop, needs: "queue.view", group: 2 },
  { to: "/p/$slug/protocol", label: "Protocol", Icon: IconForms, needs: "protocol.edit", group: 3 },
  { to: "/p/$slug/guidelines", label: "Guidelines", Icon: IconBook2, needs: null, group: 3 },
  { to: "/p/$slug/people", label: "People", Icon: IconUsers, needs: "members.manage", group: 3 },
  { to: "/p/$slug/import", label: "Import", Icon: IconFileImport, needs: "import.run", group: 3 },
  { to: "/p/$slug/audit", label: "Audit", Icon: IconHistory, needs: "audit.view", group: 3 },
  { to: "/p/$slug/webhooks", label: "Webhooks", Icon: IconWebhook, needs: "webhooks.manage", group: 3 },
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
