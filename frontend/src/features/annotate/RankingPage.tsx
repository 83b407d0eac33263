import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Suspense, useState } from "react";

import { ApiError } from "@/api/client";
import type { Project } from "@/api/types";
import { useDocumentTitle } from "@/components/Page";
import { Failure } from "@/components/States";

import { Desk } from "./Desk";
import { DeskSkeleton } from "./DeskSkeleton";
import { KnownAnswer } from "./KnownAnswer";
import { NothingToRank } from "./NothingToRank";
import classes from "./RankingPage.module.css";
import { Paused } from "./Paused";
import { RankingBar } from "./RankingBar";
import { useRanking } from "./useRanking";

export function RankingPage({ project, userId }: { project: Project; userId: number }) {
  const ranking = useRanking(project, userId);
  const [said, announce] = useState("");
  useDocumentTitle(t`Rank · ${project.name}`);
  const { assignment, session, error } = ranking;
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden"><Trans>Rank responses in {project.name}</Trans></h1>
      <div role="status" aria-live="polite" aria-label={t`What just happened`} className="visually-hidden">
        {said}
      </div>
      <RankingBar project={project} ranking={ranking} userId={userId} />
      {ranking.paused ? (
        <Paused onResume={ranking.resume} />
      ) : ranking.known ? (
        <KnownAnswer known={ranking.known} onGoOn={ranking.goOn} />
      ) : assignment ? (
        <Suspense fallback={<DeskSkeleton />}>
          <Desk
            key={`${assignment.id}:${session.correcting ?? "new"}`}
            project={project}
            ranking={ranking}
            assignment={assignment}
            announce={announce}
          />
        </Suspense>
      ) : error && session.queue.length === 0 ? (
        <div className={classes.state}>
          <Failure
            what={
              error instanceof ApiError && error.unreachable
                ? t`The next task comes when the server is back.`
                : t`The next task could not be fetched.`
            }
            error={error}
            retry={ranking.lookAgain}
          />
        </div>
      ) : session.asked && session.nothing ? (
        <NothingToRank project={project} ranking={ranking} nothing={session.nothing} />
      ) : (
        <DeskSkeleton />
      )}
    </div>
  );
}
