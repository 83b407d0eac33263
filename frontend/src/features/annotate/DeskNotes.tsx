import { Trans } from "@lingui/react/macro";

import type { Assignment } from "@/api/types";
import { Note } from "@/components/States";

import classes from "./Desk.module.css";
import type { Ranking } from "./useRanking";

/** What is special about the task on the page. */
export function DeskNotes({ assignment, ranking }: { assignment: Assignment; ranking: Ranking }) {
  const { session } = ranking;
  const correcting = session.correcting !== null;
  const takenBack = session.takenBack.includes(assignment.id) && !correcting;
  const lost = session.lost.includes(assignment.id) && !correcting;
  return (
    <>
      {correcting ? (
        <Note>
          <Trans>You are correcting an earlier judgment. Submit replaces it; Esc leaves it as it was.</Trans>
        </Note>
      ) : null}
      {takenBack ? <Note><Trans>You took this judgment back. Submit says it anew.</Trans></Note> : null}
      {assignment.returned && !correcting ? (
        <Note>
          <Trans>
            A reviewer asks you to look at this again: <bdi>{assignment.returned.comment}</bdi> What you said is filled in; submit
            replaces it.
          </Trans>
        </Note>
      ) : null}
      {lost ? (
        <Note>
          <Trans>Your hold on this task ran out while you were away. You can still judge it: it is kept beside the queue.</Trans>{" "}
          <button type="button" className={classes.inlineButton} onClick={ranking.dropCurrent}>
            <Trans>Take the next one instead</Trans>
          </button>
        </Note>
      ) : null}
      {ranking.elsewhere ? (
        <Note>
          <Trans>You have gone on with this task in another window since.</Trans>{" "}
          <button type="button" className={classes.inlineButton} onClick={ranking.takeElsewhere}>
            <Trans>Take over what you said there</Trans>
          </button>
        </Note>
      ) : null}
    </>
  );
}
