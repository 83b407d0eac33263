import { t } from "@lingui/core/macro";
import { Skeleton } from "@mantine/core";

import classes from "./Desk.module.css";
import responses from "./Responses.module.css";

export function DeskSkeleton() {
  return (
    <div className={classes.reading} role="status" aria-busy="true" aria-label={t`Fetching the next task`}>
      <Skeleton height={12} width={60} />
      <Skeleton height={18} width="52%" />
      <div className={responses.grid} data-columns="2">
        <Skeleton height={260} radius={10} />
        <Skeleton height={260} radius={10} />
      </div>
    </div>
  );
}
