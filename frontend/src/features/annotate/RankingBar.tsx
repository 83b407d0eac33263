import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { ActionIcon } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconBook2, IconKeyboard } from "@tabler/icons-react";

import { myWorkQuery, wellbeingQuery } from "@/api/queue";
import type { Project } from "@/api/types";
import { Hint } from "@/components/Hint";
import { TopBarSlot } from "@/components/TopBarSlot";
import { count } from "@/lib/format";
import { activeCommands } from "@/lib/useCommands";

import classes from "./RankingBar.module.css";
import { CompletionCode } from "./CompletionCode";
import { ReadingSettings } from "./ReadingSettings";
import { SaveState } from "./SaveState";
import type { Ranking } from "./useRanking";

/** Pace, the honest state of saving, help and settings. */
export function RankingBar({ project, ranking, userId }: { project: Project; ranking: Ranking; userId: number }) {
  const wellbeing = useQuery(wellbeingQuery(project.slug));
  const needed = project.completion.judgments;
  const work = useQuery(myWorkQuery(project.slug));
  const run = (id: string) => activeCommands().find((command) => command.id === id && command.enabled)?.perform();
  return (
    <TopBarSlot>
      {work.data ? (
        <span className={classes.pace}>
          <Trans>{count(work.data.today)} today</Trans>
          {work.data.median_seconds ? ` · ${paceOf(work.data.median_seconds)}` : ""}
        </span>
      ) : null}
      {wellbeing.data?.take_a_break && !ranking.paused ? (
        <button type="button" className={`${classes.saving} ${classes.care}`} onClick={ranking.pause}>
          <Trans>Time for a break</Trans>
        </button>
      ) : null}
      {needed && work.data ? (
        <CompletionCode slug={project.slug} userId={userId} judged={work.data.total} needed={needed} />
      ) : null}
      <SaveState outbox={ranking.outbox} saving={ranking.saving} receipt={ranking.receipt} />
      {project.guidelines ? (
        <Hint label={t`Guidelines`} className={classes.hint}>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={t`Guidelines`} onClick={() => run("guidelines")}>
            <IconBook2 size={19} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Hint>
      ) : null}
      <Hint label={t`Keyboard`} className={`${classes.hint} ${classes.keyboard}`}>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t`Show the keyboard`} onClick={() => run("help")}>
          <IconKeyboard size={20} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Hint>
      <ReadingSettings />
    </TopBarSlot>
  );
}

function paceOf(medianSeconds: number): string {
  const seconds = Math.max(1, Math.round(medianSeconds));
  return t`≈ ${seconds} s each`;
}
