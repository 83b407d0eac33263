import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo, useReducer, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { heartbeat, myWorkQuery, nextAssignments } from "@/api/queue";
import type { Assignment, JudgmentReceipt, Project } from "@/api/types";
import { useReachable } from "@/lib/connection";
import { uuid } from "@/lib/uuid";

import { dropDraft, loadDraft, saveDraft, sweepDrafts } from "./drafts";
import { EMPTY_DRAFT, fromSaid, toSaid, type Draft } from "./judgment";
import type { Outbox, OutboxState } from "./outbox";
import { current, HELD, reduce, START, type Past, type Session } from "./session";
import { useActiveTimer } from "./useActiveTimer";
import { useOutbox } from "./useOutbox";

const LOOK_AGAIN_MS = 15_000;
// Whoever is away this long gives the rest back by letting the leases run out.
const AWAY_MS = 10 * 60_000;

export interface Ranking {
  session: Session;
  assignment: Assignment | null;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  submit: (draft: Draft) => boolean;
  skip: (reason: string) => void;
  undo: () => void;
  canUndo: boolean;
  leaveCorrection: () => void;
  dropCurrent: () => void;
  lookAgain: () => void;
  error: unknown;
  outbox: Outbox;
  saving: OutboxState;
  receipt: JudgmentReceipt | null;
}

/** Everything behind the ranking page: what is held, what is drafted, what is on its way. */
export function useRanking(project: Project, userId: number): Ranking {
  const slug = project.slug;
  const [session, dispatch] = useReducer(reduce, START);
  const [receipt, setReceipt] = useState<JudgmentReceipt | null>(null);
  const [outbox, saving] = useOutbox(userId, (_entry, answer) => answer && setReceipt(answer));
  const { error, lookAgain } = useRefill(slug, session, dispatch, outbox);
  const timer = useActiveTimer();
  const work = useQuery(myWorkQuery(slug));

  const assignment = current(session);
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({});
  const opened = session.correcting === null ? undefined : session.past[session.correcting];
  const draftKey = assignment ? (opened ? `correction:${assignment.id}` : assignment.id) : null;
  const stored = useMemo(() => (assignment ? loadDraft(assignment.id) : EMPTY_DRAFT), [assignment]);
  const draft = (draftKey === null ? undefined : drafts[draftKey]) ?? opened?.draft ?? stored;

  useEffect(() => timer.restart(), [draftKey, timer]);
  useEffect(() => sweepDrafts(Date.now()), []);
  useHeartbeats(project.lease_seconds, session, dispatch, timer.aliveWithin);

  const setDraft = (next: Draft) => {
    if (!draftKey || !assignment) return;
    setDrafts((all) => ({ ...all, [draftKey]: next }));
    if (!opened) saveDraft(assignment.id, next);
  };

  const forget = (key: string) => setDrafts((all) => Object.fromEntries(Object.entries(all).filter(([k]) => k !== key)));

  const submit = (final: Draft): boolean => {
    const said = assignment ? toSaid(final, assignment) : null;
    if (!assignment || !said || !draftKey) return false;
    const clientKey = uuid();
    const comment = final.comment.trim();
    outbox.add({
      kind: "judgment",
      clientKey,
      slug,
      assignmentId: assignment.id,
      madeAt: Date.now(),
      body: {
        lease_token: assignment.lease_token,
        client_key: clientKey,
        ...said,
        active_seconds: timer.seconds(),
        ...(comment ? { comment } : {}),
      },
    });
    dispatch({ type: "submitted", past: { assignment, draft: final } });
    dropDraft(assignment.id);
    forget(draftKey);
    return true;
  };

  const skip = (reason: string) => {
    if (!assignment || opened) return;
    outbox.add({
      kind: "skip",
      clientKey: uuid(),
      slug,
      assignmentId: assignment.id,
      madeAt: Date.now(),
      body: { lease_token: assignment.lease_token, reason },
    });
    dispatch({ type: "skipped", id: assignment.id });
    dropDraft(assignment.id);
  };

  const last = work.data?.last;
  const fallback: Past | null = last
    ? { assignment: last.assignment, draft: fromSaid(last.judgment, last.assignment) }
    : null;

  return {
    session,
    assignment,
    draft,
    setDraft,
    submit,
    skip,
    undo: () => dispatch({ type: "undo", fallback }),
    canUndo: session.correcting === null ? session.past.length > 0 || fallback !== null : session.correcting > 0,
    leaveCorrection: () => {
      if (draftKey) forget(draftKey);
      dispatch({ type: "leave_correction" });
    },
    dropCurrent: () => assignment && dispatch({ type: "dropped", id: assignment.id }),
    lookAgain,
    error,
    outbox,
    saving,
    receipt,
  };
}

/** Keeps `HELD` assignments at hand, so that the next one is already there. */
function useRefill(
  slug: string,
  session: Session,
  dispatch: React.Dispatch<Parameters<typeof reduce>[1]>,
  outbox: Outbox,
) {
  const [round, setRound] = useState(0);
  const reachable = useReachable();
  const length = session.queue.length;
  const lengthNow = useRef(length);
  const asking = useRef(false);
  const lookAgain = useCallback(() => setRound((n) => n + 1), []);

  const ask = useMutation({
    mutationFn: async (missing: number) => {
      const unsent = outbox.state().waiting.map((entry) => entry.assignmentId);
      const exclude = [...new Set([...session.queue.map((one) => one.id), ...unsent])];
      const answer = await nextAssignments(slug, { count: missing, exclude });
      return { ...answer, held: unsent };
    },
    onSuccess: ({ assignments, reason, held }) => dispatch({ type: "received", assignments, reason, held }),
    onSettled: (_answer, _error, missing) => {
      asking.current = false;
      // Something was finished meanwhile, and its own refill was turned away.
      if (HELD - lengthNow.current > missing) lookAgain();
    },
  });

  const refill = useEffectEvent(() => {
    const missing = HELD - length;
    if (missing <= 0 || asking.current) return;
    asking.current = true;
    ask.mutate(missing);
  });
  useEffect(() => {
    lengthNow.current = length;
    refill();
  }, [length, round, reachable]);

  const waiting = length === 0 && session.asked;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(lookAgain, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [waiting, lookAgain]);

  return { error: ask.error, lookAgain };
}

function useHeartbeats(
  leaseSeconds: number,
  session: Session,
  dispatch: React.Dispatch<Parameters<typeof reduce>[1]>,
  aliveWithin: (ms: number) => boolean,
): void {
  const beat = useEffectEvent(() => {
    if (document.hidden || !aliveWithin(AWAY_MS)) return;
    for (const { id, lease_token } of session.queue) {
      if (session.lost.includes(id)) continue;
      heartbeat(id, lease_token).catch((error: unknown) => {
        if (error instanceof ApiError && (error.status === 409 || error.status === 404)) dispatch({ type: "lost", id });
      });
    }
  });
  const everyMs = Math.max(10_000, (leaseSeconds * 1000) / 3);
  useEffect(() => {
    const timer = setInterval(() => beat(), everyMs);
    const shown = () => beat();
    document.addEventListener("visibilitychange", shown);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [everyMs]);
}
