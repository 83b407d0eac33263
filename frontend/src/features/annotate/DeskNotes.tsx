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
          You are correcting an earlier judgment. Submit replaces it; Esc leaves it as it was.
        </Note>
      ) : null}
      {takenBack ? <Note>You took this judgment back. Submit says it anew.</Note> : null}
      {assignment.returned && !correcting ? (
        <Note>
          A reviewer asks you to look at this again: {assignment.returned.comment} What you said is filled in; submit
          replaces it.
        </Note>
      ) : null}
      {lost ? (
        <Note>
          Your hold on this task ran out while you were away. You can still judge it: it is kept beside the queue.{" "}
          <button type="button" className={classes.inlineButton} onClick={ranking.dropCurrent}>
            Take the next one instead
          </button>
        </Note>
      ) : null}
      {ranking.elsewhere ? (
        <Note>
          You have gone on with this task in another window since.{" "}
          <button type="button" className={classes.inlineButton} onClick={ranking.takeElsewhere}>
            Take over what you said there
          </button>
        </Note>
      ) : null}
    </>
  );
}
