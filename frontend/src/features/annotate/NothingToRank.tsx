import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";

import { countsQuery } from "@/api/projects";
import type { Project } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { Empty } from "@/components/States";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";

import classes from "./RankingPage.module.css";
import type { Reason } from "./session";
import type { Ranking } from "./useRanking";

const WORDS: Record<Reason, { title: string; why: string }> = {
  empty: {
    title: "Everything here is ranked.",
    why: "The queue is empty. New tasks appear here by themselves when a round samples them or somebody imports some.",
  },
  all_leased: {
    title: "The last tasks are with other annotators.",
    why: "What is left is being ranked right now. If somebody gives one back, it appears here by itself.",
  },
  no_more_for_you: {
    title: "You have ranked everything you can.",
    why: "The tasks that are left want a second opinion from somebody else. New ones appear here by themselves.",
  },
};

interface Props {
  project: Project;
  ranking: Ranking;
  reason: Reason;
}

/** Why there is nothing, and what comes next. */
export function NothingToRank({ project, ranking, reason }: Props) {
  const counts = useQuery({ ...countsQuery(project.slug), refetchInterval: usePolling() });
  const open = counts.data?.slots_open;
  const look = useEffectEvent(() => ranking.lookAgain());
  useEffect(() => {
    if (open) look();
  }, [open]);
  const neverAnything = reason === "empty" && counts.data?.tasks === 0;
  const params = { slug: project.slug };
  return (
    <div className={classes.state}>
      <Empty
        title={neverAnything ? "There is nothing to rank yet." : WORDS[reason].title}
        actions={
          <Group gap="xs">
            <Button variant="default" onClick={ranking.lookAgain}>
              Look again
            </Button>
            {ranking.canUndo ? (
              <Button variant="default" onClick={ranking.undo}>
                Open the last one again
              </Button>
            ) : null}
            {may(project, "import.run") ? (
              <LinkButton variant="default" to="/p/$slug/import" params={params}>
                Import tasks
              </LinkButton>
            ) : null}
            {may(project, "round.launch") ? (
              <LinkButton variant="default" to="/p/$slug/rounds" params={params}>
                Go to rounds
              </LinkButton>
            ) : null}
          </Group>
        }
      >
        {neverAnything
          ? "Tasks come from an import or from a model that a round samples. They appear here by themselves."
          : WORDS[reason].why}
      </Empty>
    </div>
  );
}
