import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";

import { countsQuery } from "@/api/projects";
import type { NothingReason, Project } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { Empty } from "@/components/States";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";

import { ConsentGate } from "./ConsentGate";
import { GuidelinesGate } from "./GuidelinesGate";
import classes from "./RankingPage.module.css";
import type { Nothing } from "./session";
import type { Ranking } from "./useRanking";

const WORDS: Record<NothingReason, { title: string; why: string }> = {
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
  capped: {
    title: "That is all for now.",
    why: "You have reached the number of tasks that this project gives to one person. What you said is kept.",
  },
  paused: {
    title: "Your work here is paused.",
    why: "A lead will look at it with you. What you said is kept.",
  },
  archived: {
    title: "This project is archived.",
    why: "It gives out no more tasks. What you said is kept.",
  },
  consent_needed: { title: "Before you begin", why: "Read what taking part means, and accept it or leave it." },
  read_guidelines: { title: "The guidelines have changed", why: "Read this version, then go on." },
};

/** A person has to lift these: nothing the queue does changes them. */
const HELD_BY_SOMEBODY: ReadonlySet<NothingReason> = new Set(["paused", "archived", "capped"]);

interface Props {
  project: Project;
  ranking: Ranking;
  nothing: Nothing;
}

/** Why there is nothing, and what comes next. */
export function NothingToRank({ project, ranking, nothing }: Props) {
  const { reason, message, guidelines } = nothing;
  if (reason === "consent_needed") return <ConsentGate slug={project.slug} onAccepted={ranking.lookAgain} />;
  if (reason === "read_guidelines" && guidelines !== null) {
    return <GuidelinesGate slug={project.slug} number={guidelines} onRead={ranking.lookAgain} />;
  }
  if (HELD_BY_SOMEBODY.has(reason)) {
    return (
      <div className={classes.state}>
        <Empty
          title={WORDS[reason].title}
          actions={
            <Group gap="xs">
              <Button variant="default" onClick={ranking.lookAgain}>
                Look again
              </Button>
              {reason === "archived" ? null : <OpenLast ranking={ranking} />}
            </Group>
          }
        >
          {message ?? WORDS[reason].why}
        </Empty>
      </div>
    );
  }
  return <QueueIsEmpty project={project} ranking={ranking} reason={reason} />;
}

function OpenLast({ ranking }: { ranking: Ranking }) {
  return ranking.canUndo ? (
    <Button variant="default" onClick={ranking.undo}>
      Open the last one again
    </Button>
  ) : null;
}

function QueueIsEmpty({ project, ranking, reason }: { project: Project; ranking: Ranking; reason: NothingReason }) {
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
            <OpenLast ranking={ranking} />
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
