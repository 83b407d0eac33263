import { t } from "@lingui/core/macro";
import { Suspense, useState } from "react";

import { Desk } from "@/features/annotate/Desk";
import { DeskSkeleton } from "@/features/annotate/DeskSkeleton";
import { EMPTY_DRAFT, openingDraft, owed, toBody } from "@/features/annotate/judgment";
import { START } from "@/features/annotate/session";
import { useActiveTimer } from "@/features/annotate/useActiveTimer";
import type { Ranking } from "@/features/annotate/useRanking";
import type { JudgingProps } from "@/lib/judging";

const nothing = () => undefined;

/** The desk for one assignment that no queue handed out: a decision, or a try. */
export function Judging({ project, assignment: given, onSubmit }: JudgingProps) {
  // A decision is left by leaving its page: there is no queue to give it back to.
  const assignment = onSubmit ? { ...given, protocol: { ...given.protocol, skip: false } } : given;
  const [draft, setDraft] = useState(() => openingDraft(assignment));
  const [said, announce] = useState("");
  const timer = useActiveTimer();

  // What the desk reads of a ranking; the queue, the outbox and undo are not part of this.
  const ranking = {
    session: START,
    assignment,
    draft,
    setDraft,
    submit: (final) => {
      const body = owed(final, assignment) ? null : toBody(final, assignment);
      if (!body) return false;
      if (onSubmit) onSubmit({ ...body, active_seconds: timer.seconds() });
      else setDraft(EMPTY_DRAFT);
      return true;
    },
    skip: nothing,
    undo: nothing,
    canUndo: false,
    leaveCorrection: nothing,
    dropCurrent: nothing,
    known: null,
    goOn: nothing,
    veiled: false,
    reveal: nothing,
    revealError: null,
    lookAgain: nothing,
    error: null,
    receipt: null,
  } satisfies Partial<Ranking>;
  return (
    <>
      <div role="status" aria-live="polite" aria-label={t`What just happened`} className="visually-hidden">
        {said}
      </div>
      <Suspense fallback={<DeskSkeleton />}>
        <Desk project={project} ranking={ranking as Partial<Ranking> as Ranking} assignment={assignment} announce={announce} />
      </Suspense>
    </>
  );
}
