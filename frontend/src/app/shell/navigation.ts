import {
  IconArrowsSort,
  IconBook2,
  IconBox,
  IconDatabase,
  IconFileImport,
  IconLayoutDashboard,
  IconPlayerPlay,
  IconRefresh,
  IconUsers,
} from "@tabler/icons-react";

import type { Permission } from "@/api/types";

export const PROJECT_PAGES = [
  { to: "/p/$slug", label: "Overview", Icon: IconLayoutDashboard, needs: null, group: 0 },
  { to: "/p/$slug/annotate", label: "Rank", Icon: IconArrowsSort, needs: "task.annotate", group: 0 },
  { to: "/p/$slug/rounds", label: "Rounds", Icon: IconRefresh, needs: "round.view", group: 1 },
  { to: "/p/$slug/runs", label: "Runs", Icon: IconPlayerPlay, needs: "run.view", group: 1 },
  { to: "/p/$slug/models", label: "Models", Icon: IconBox, needs: "model.view", group: 1 },
  { to: "/p/$slug/datasets", label: "Datasets", Icon: IconDatabase, needs: "snapshot.view", group: 1 },
  { to: "/p/$slug/people", label: "People", Icon: IconUsers, needs: "members.manage", group: 2 },
  { to: "/p/$slug/guidelines", label: "Guidelines", Icon: IconBook2, needs: null, group: 2 },
  { to: "/p/$slug/import", label: "Import", Icon: IconFileImport, needs: "import.run", group: 2 },
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
