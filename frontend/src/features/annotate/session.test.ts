import { describe, expect, it } from "vitest";

import { assignmentOf } from "./fixtures";
import { EMPTY_DRAFT } from "./judgment";
import { current, reduce, START, type Session } from "./session";

const task = (id: string) => assignmentOf([], { id });
const received = (session: Session, ...ids: string[]): Session =>
  reduce(session, { type: "received", assignments: ids.map(task), nothing: null, held: [] });
const past = (id: string) => ({ assignment: task(id), draft: { ...EMPTY_DRAFT, choice: -1 as const } });

describe("a ranking session", () => {
  it("shows the next task at once when one is submitted", () => {
    const session = reduce(received(START, "a", "b"), { type: "submitted", past: past("a") });
    expect(current(session)?.id).toBe("b");
  });

  it("never shows a task twice: not one it holds, finished, or still has in the outbox", () => {
    let session = reduce(received(START, "a", "b"), { type: "submitted", past: past("a") });
    session = reduce(session, { type: "received", assignments: ["a", "b", "c", "d"].map(task), nothing: null, held: ["d"] });
    expect(session.queue.map(({ id }) => id)).toEqual(["b", "c"]);
  });

  it("opens the last submitted one for a correction, then the one before, and comes back", () => {
    let session = received(START, "a", "b", "c");
    session = reduce(session, { type: "submitted", past: past("a") });
    session = reduce(session, { type: "submitted", past: past("b") });
    session = reduce(session, { type: "undo", fallback: null });
    expect(current(session)?.id).toBe("b");
    session = reduce(session, { type: "undo", fallback: null });
    expect(current(session)?.id).toBe("a");
    session = reduce(session, { type: "submitted", past: { ...past("a"), draft: { ...EMPTY_DRAFT, choice: 2 } } });
    expect(current(session)?.id).toBe("c");
    expect(session.past[0]?.draft.choice).toBe(2);
  });

  it("opens what an earlier visit submitted", () => {
    const session = reduce(received(START, "b"), { type: "undo", fallback: past("a") });
    expect(current(session)?.id).toBe("a");
    expect(current(reduce(session, { type: "leave_correction" }))?.id).toBe("b");
  });

  it("keeps the task being read when its lease is lost, and drops one not yet seen", () => {
    let session = received(START, "a", "b");
    session = reduce(session, { type: "lost", id: "b" });
    expect(session.queue.map(({ id }) => id)).toEqual(["a"]);
    session = reduce(session, { type: "lost", id: "a" });
    expect(current(session)?.id).toBe("a");
    expect(session.lost).toEqual(["a"]);
    expect(current(reduce(session, { type: "dropped", id: "a" }))).toBeNull();
  });

  it("puts what was taken back first, to be submitted once more", () => {
    let session = received(START, "a", "b");
    session = reduce(session, { type: "submitted", past: past("a") });
    session = reduce(session, { type: "taken_back", from: "a", assignment: task("a") });
    expect(session.queue.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(session).toMatchObject({ past: [], finished: [], takenBack: ["a"], correcting: null });
    session = reduce(session, { type: "submitted", past: past("a") });
    expect(session).toMatchObject({ finished: ["a"], takenBack: [] });
  });

  it("shows a task again when a reviewer returns it, and once for each return", () => {
    const judgment = {
      id: 7,
      tiers: [],
      verdict: "none" as const,
      strengths: [],
      comment: "",
      reasons: [],
      criteria: {},
      spans: [],
      edit: null,
      demonstration: null,
      active_seconds: null,
    };
    const returned = assignmentOf([], { id: "a", returned: { comment: "Look again.", judgment } });
    const offer = (session: Session) =>
      reduce(session, { type: "received", assignments: [returned], nothing: null, held: [] });
    let session = reduce(received(START, "a"), { type: "submitted", past: past("a") });
    session = offer(session);
    expect(current(session)?.returned?.comment).toBe("Look again.");
    session = offer(reduce(session, { type: "submitted", past: { ...past("a"), assignment: returned } }));
    expect(current(session)).toBeNull();
  });
});
