import { Trans } from "@lingui/react/macro";
import { Suspense } from "react";

import { later } from "@/lib/later";

import { keptCode } from "./keptCode";
import classes from "./RankingBar.module.css";

const CodePopover = later(() => import("./CodePopover").then((module) => module.CodePopover), () => null);

interface Props {
  slug: string;
  userId: number;
  judged: number;
  needed: number;
}

/** For people of a crowd platform: how far they are, then their code. */
export function CompletionCode({ slug, userId, judged, needed }: Props) {
  if (judged < needed && keptCode(userId, slug) === null) {
    return (
      <span className={classes.pace}>
        <Trans>{judged} of {needed}</Trans>
      </span>
    );
  }
  return (
    <Suspense>
      <CodePopover slug={slug} userId={userId} judged={judged} />
    </Suspense>
  );
}
