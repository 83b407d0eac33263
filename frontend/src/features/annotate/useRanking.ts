import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useReducer, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { heartbeat, myWorkQuery, nextAssignments, revealAssignment } from "@/api/queue";
import type { Assignment, GoldFeedback, JudgmentReceipt, Project } from "@/api/types";
import { useReachable } from "@/lib/connection";

import { TabDesk } from "./desks";
import { firstDraft } from "./drafts";
import { fromSaid, owed, toBody, type Draft } from "./judgment";
import { seal, type Outbox, type OutboxState } from "./outbox";
import { current, HELD, reduce, START, type Past, type Session } from "./session";
import { useActiveTimer } from "./useActiveTimer";
import { useDrafts } from "./useDrafts";
import { useOutbox } from "./useOutbox";
import { useTakingBack, type StoredJudgments } from "./useTakingBack";

const LOOK_AGAIN_MS = 15_000;
// Whoever is away this long gives the rest back by letting the leases run out.
const AWAY_MS = 10 * 60_000;

export interface SkipWhy {
  reason?: string;
  category?: string;
}

/** What is known about a task that was just judged. */
export interface Known {
  past: Past | null;
  feedback: GoldFeedback;
}

export interface Ranking {
  session: Session;
  assignment: Assignment | null;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** What another window saved of this task since. */
  elsewhere: Draft | null;
  takeElsewhere: () => void;
  submit: (draft: Draft) => boolean;
  skip: (why: SkipWhy) => void;
  undo: () => void;
  canUndo: boolean;
  leaveCorrection: () => void;
  dropCurrent: () => void;
  /** A known answer to look at before the next task. */
  known: Known | null;
  goOn: () => void;
  /** Somebody takes a break: nothing is shown, and no time counted. */
  paused: boolean;
  pause: () => void;
  resume: () => void;
  /** The page hides what carries a risk tag until somebody asks for it. */
  veiled: boolean;
  reveal: () => void;
  revealError: unknown;
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
  const [acknowledged, setAcknowledged] = useState<StoredJudgments>({});
  const [known, setKnown] = useState<readonly Known[]>([]);
  const [paused, setPaused] = useState(false);
  const [revealed, setRevealed] = useState<readonly string[]>([]);
  const [outbox, saving] = useOutbox(userId, (entry, answer) => {
    if (!answer) return;
    setReceipt(answer);
    setAcknowledged((all) => ({ ...all, [entry.assignmentId]: { judgment: answer.judgment, madeAt: entry.madeAt } }));
    const { feedback } = answer;
    if (!feedback) return;
    const past = session.past.find((one) => one.assignment.id === entry.assignmentId) ?? null;
    setKnown((all) => [...all, { past, feedback }]);
  });
  const { error, lookAgain } = useRefill(slug, session, dispatch, outbox);
  const timer = useActiveTimer();
  const work = useQuery(myWorkQuery(slug));

  const assignment = current(session);
  const opened = session.correcting === null ? undefined : session.past[session.correcting];
  const drafts = useDrafts(assignment, opened);
  const shownKey = `${assignment?.id}:${opened ? "correction" : "new"}`;

  const answerShown = known.length > 0;
  useEffect(() => timer.restart(), [shownKey, answerShown, timer]);
  useHeartbeats(project.lease_seconds, session, dispatch, timer.aliveWithin);

  const send = (assignment: Assignment, final: Draft, activeSeconds: number | null): boolean => {
    const body = owed(final, assignment) ? null : toBody(final, assignment);
    if (!body) return false;
    const sealed = seal(slug, assignment.id);
    outbox.add({
      kind: "judgment",
      ...sealed,
      body: {
        lease_token: assignment.lease_token,
        client_key: sealed.clientKey,
        ...body,
        active_seconds: activeSeconds,
      },
    });
    taking.settle(assignment.id);
    return true;
  };

  const submit = (final: Draft): boolean => {
    if (!assignment || !send(assignment, final, timer.seconds())) return false;
    dispatch({ type: "submitted", past: { assignment, draft: final } });
    drafts.drop(assignment);
    return true;
  };

  const skip = (why: SkipWhy) => {
    if (!assignment || opened) return;
    outbox.add({
      kind: "skip",
      ...seal(slug, assignment.id),
      body: { lease_token: assignment.lease_token, ...why },
    });
    dispatch({ type: "skipped", id: assignment.id });
    drafts.drop(assignment);
  };

  const last = work.data?.last;
  const fallback: Past | null = last
    ? { assignment: last.assignment, draft: fromSaid(last.judgment, last.assignment) }
    : null;

  const taking = useTakingBack({
    slug,
    stored: acknowledged,
    saving,
    last: last ?? null,
    onTaken: (past, held) => {
      drafts.begin(held, held.id === past.assignment.id ? past.draft : firstDraft(held));
      dispatch({ type: "taken_back", from: past.assignment.id, assignment: held });
    },
    onStands: (past) => dispatch({ type: "undo", fallback: past }),
  });

  const undo = () => {
    if (taking.busy) return;
    const target = session.correcting === null ? (session.past.at(-1) ?? fallback) : null;
    if (!target || !taking.tryTake(target)) dispatch({ type: "undo", fallback });
  };

  const asking = useMutation({
    mutationFn: (id: string) => revealAssignment(id),
    onSuccess: (_tags, id) => setRevealed((ids) => [...ids, id]),
  });

  return {
    session,
    assignment,
    draft: drafts.draft,
    setDraft: drafts.change,
    elsewhere: drafts.elsewhere,
    takeElsewhere: drafts.takeElsewhere,
    submit,
    skip,
    undo,
    canUndo: taking.busy ? false : session.correcting === null ? session.past.length > 0 || fallback !== null : session.correcting > 0,
    leaveCorrection: () => {
      if (assignment) drafts.drop(assignment);
      if (opened && taking.isDoubtful(opened.assignment.id)) send(opened.assignment, opened.draft, null);
      dispatch({ type: "leave_correction" });
    },
    dropCurrent: () => assignment && dispatch({ type: "dropped", id: assignment.id }),
    known: known[0] ?? null,
    goOn: () => setKnown((all) => all.slice(1)),
    paused,
    pause: () => {
      timer.hold();
      setPaused(true);
    },
    resume: () => {
      timer.resume();
      setPaused(false);
    },
    veiled: assignment !== null && assignment.prompt.risk_tags.length > 0 && !revealed.includes(assignment.id),
    reveal: () => assignment && asking.mutate(assignment.id),
    revealError: asking.variables === assignment?.id ? asking.error : null,
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
  const [desk] = useState(() => new TabDesk(slug));
  const lookAgain = useCallback(() => setRound((n) => n + 1), []);

  const ask = useMutation({
    mutationFn: async (missing: number) => {
      // What an earlier page has judged is not asked for again.
      await outbox.ready;
      const unsent = outbox.state().waiting.map((entry) => entry.assignmentId);
      const elsewhere = await desk.elsewhere();
      const exclude = [...new Set([...session.queue.map((one) => one.id), ...unsent, ...elsewhere])];
      const answer = await nextAssignments(slug, { count: missing, exclude });
      const assignments = await desk.take(answer.assignments);
      // What is left may also lie here or be on its way to the server, which is soon known.
      const reason = answer.reason === "held_by_you" && elsewhere.length === 0 ? null : answer.reason;
      return { ...answer, reason, assignments, held: unsent, tabWasFaster: assignments.length < answer.assignments.length };
    },
    onSuccess: ({ assignments, reason, message, guideline_version: guidelines, held }) =>
      dispatch({ type: "received", assignments, nothing: reason && { reason, message, guidelines }, held }),
    onSettled: (answer, _error, missing) => {
      asking.current = false;
      // Something was finished meanwhile, and its own refill was turned away.
      if (HELD - lengthNow.current > missing || answer?.tabWasFaster) lookAgain();
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

  useEffect(() => {
    if (session.asked) desk.keep(session.queue.map((one) => one.id));
  }, [desk, session.asked, session.queue]);
  useEffect(() => () => desk.keep([]), [desk]);

  // What the server said before the last one arrived may not be so any more.
  useEffect(() => outbox.onReceipt(() => lengthNow.current === 0 && lookAgain()), [outbox, lookAgain]);

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
    for (const { id, lease_token, expires_at } of session.queue) {
      // What is judged already has no lease to keep.
      if (expires_at === null || session.lost.includes(id)) continue;
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
