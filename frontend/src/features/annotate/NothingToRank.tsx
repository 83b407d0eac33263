import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
    get title() { return t`Everything here is ranked.`; },
    get why() { return t`The queue is empty. New tasks appear here by themselves when a round samples them or somebody imports some.`; },
  },
  all_leased: {
    get title() { return t`The last tasks are with other annotators.`; },
    get why() { return t`What is left is being ranked right now. If somebody gives one back, it appears here by itself.`; },
  },
  no_more_for_you: {
    get title() { return t`You have ranked everything you can.`; },
    get why() { return t`The tasks that are left want a second opinion from somebody else. New ones appear here by themselves.`; },
  },
  held_by_you: {
    get title() { return t`Your last tasks are open in another tab.`; },
    get why() { return t`Go on there, or close that tab: what it had comes here by itself.`; },
  },
  capped: {
    get title() { return t`That is all for now.`; },
    get why() { return t`You have reached the number of tasks that this project gives to one person. What you said is kept.`; },
  },
  paused: {
    get title() { return t`Your work here is paused.`; },
    get why() { return t`A lead will look at it with you. What you said is kept.`; },
  },
  archived: {
    get title() { return t`This project is archived.`; },
    get why() { return t`It gives out no more tasks. What you said is kept.`; },
  },
  consent_needed: { get title() { return t`Before you begin`; }, get why() { return t`Read what taking part means, and accept it or leave it.`; } },
  read_guidelines: { get title() { return t`The guidelines have changed`; }, get why() { return t`Read this version, then go on.`; } },
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
                <Trans>Look again</Trans>
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
      <Trans>Open the last one again</Trans>
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
        title={neverAnything ? t`There is nothing to rank yet.` : WORDS[reason].title}
        actions={
          <Group gap="xs">
            <Button variant="default" onClick={ranking.lookAgain}>
              <Trans>Look again</Trans>
            </Button>
            <OpenLast ranking={ranking} />
            {may(project, "import.run") ? (
              <LinkButton variant="default" to="/p/$slug/import" params={params}>
                <Trans>Import tasks</Trans>
              </LinkButton>
            ) : null}
            {may(project, "round.launch") ? (
              <LinkButton variant="default" to="/p/$slug/rounds" params={params}>
                <Trans>Go to rounds</Trans>
              </LinkButton>
            ) : null}
          </Group>
        }
      >
        {neverAnything
          ? t`Tasks come from an import or from a model that a round samples. They appear here by themselves.`
          : WORDS[reason].why}
      </Empty>
    </div>
  );
}
