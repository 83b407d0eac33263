import type { Assignment, NothingReason } from "@/api/types";

import type { Draft } from "./judgment";

/** How many assignments are held, the one on the page included. */
export const HELD = 3;
const MAX_PAST = 30;

/** Why the server had nothing more. */
export interface Nothing {
  reason: NothingReason;
  /** In words, where somebody holds one back. */
  message: string | null;
  /** The version to read first. */
  guidelines: number | null;
}

/** Something already submitted, to be opened again. */
export interface Past {
  assignment: Assignment;
  draft: Draft;
}

export interface Session {
  /** The first one is on the page. */
  queue: readonly Assignment[];
  /** Leases that ran out while held. */
  lost: readonly string[];
  /** Submitted or skipped in this visit; never shown as new again, unless it is returned anew. */
  finished: readonly string[];
  /** Submitted, and taken back since. */
  takenBack: readonly string[];
  past: readonly Past[];
  /** Index into `past` while a correction is open. */
  correcting: number | null;
  /** What the server last said about why there is nothing more. */
  nothing: Nothing | null;
  asked: boolean;
}

export const START: Session = {
  queue: [],
  lost: [],
  finished: [],
  takenBack: [],
  past: [],
  correcting: null,
  nothing: null,
  asked: false,
};

export type Action =
  | { type: "received"; assignments: readonly Assignment[]; nothing: Nothing | null; held: readonly string[] }
  | { type: "submitted"; past: Past }
  | { type: "skipped"; id: string }
  | { type: "lost"; id: string }
  | { type: "dropped"; id: string }
  | { type: "taken_back"; from: string; assignment: Assignment }
  | { type: "undo"; fallback: Past | null }
  | { type: "leave_correction" };

export function current(session: Session): Assignment | null {
  if (session.correcting !== null) return session.past[session.correcting]?.assignment ?? null;
  return session.queue[0] ?? null;
}

export function reduce(session: Session, action: Action): Session {
  switch (action.type) {
    case "received": {
      const known = new Set([...session.queue.map((one) => one.id), ...action.held]);
      const fresh = action.assignments.filter((one) => !known.has(one.id) && !session.finished.includes(mark(one)));
      return { ...session, queue: [...session.queue, ...fresh], nothing: action.nothing, asked: true };
    }
    case "submitted":
      return submitted(session, action.past);
    case "skipped":
      return without(session, action.id);
    case "lost": {
      // The one being read stays, to be submitted all the same; one nobody has seen yet goes.
      if (session.queue[0]?.id !== action.id) return without(session, action.id, false);
      return session.lost.includes(action.id) ? session : { ...session, lost: [...session.lost, action.id] };
    }
    case "dropped":
      return without(session, action.id, false);
    case "taken_back":
      return takenBack(session, action.from, action.assignment);
    case "undo": {
      if (session.correcting !== null) return { ...session, correcting: Math.max(0, session.correcting - 1) };
      if (session.past.length > 0) return { ...session, correcting: session.past.length - 1 };
      return action.fallback ? { ...session, past: [action.fallback], correcting: 0 } : session;
    }
    case "leave_correction":
      return { ...session, correcting: null };
  }
}

function submitted(session: Session, past: Past): Session {
  if (session.correcting !== null) {
    const corrected = session.past.map((one, index) => (index === session.correcting ? past : one));
    return { ...session, past: corrected, correcting: null };
  }
  return { ...without(session, past.assignment.id), past: [...session.past, past].slice(-MAX_PAST) };
}

/** Held again, first in line. */
function takenBack(session: Session, from: string, assignment: Assignment): Session {
  const other = (id: string) => id !== from && id !== assignment.id;
  return {
    ...session,
    queue: [assignment, ...session.queue.filter((one) => other(one.id))],
    lost: session.lost.filter(other),
    finished: session.finished.filter((done) => other(done.split(":")[0] ?? "")),
    past: session.past.filter((one) => other(one.assignment.id)),
    takenBack: [...session.takenBack.filter(other), assignment.id],
    correcting: null,
  };
}

/** An assignment that a reviewer returns keeps its id: it is new by what is returned. */
function mark(assignment: Assignment): string {
  return assignment.returned ? `${assignment.id}:${assignment.returned.judgment.id}` : assignment.id;
}

function without(session: Session, id: string, finished = true): Session {
  const gone = session.queue.find((one) => one.id === id);
  return {
    ...session,
    queue: session.queue.filter((one) => one.id !== id),
    lost: session.lost.filter((other) => other !== id),
    finished: finished ? [...session.finished, gone ? mark(gone) : id] : session.finished,
    takenBack: session.takenBack.filter((other) => other !== id),
  };
}
