import { useEffect, useState } from "react";

import { saveDraft } from "@/api/queue";
import type { Assignment } from "@/api/types";
import { useReachable } from "@/lib/connection";

import { draftIn, dropDraft, firstDraft, keepDraft, markSaved, sweepDrafts, toStored } from "./drafts";
import { DraftSync } from "./draftSync";
import { EMPTY_DRAFT, type Draft } from "./judgment";
import type { Past } from "./session";

interface Drafts {
  draft: Draft;
  change: (draft: Draft) => void;
  /** Open this task with `draft`, whatever was said here before. */
  begin: (assignment: Assignment, draft: Draft) => void;
  /** It was submitted or given back; or a correction was left. */
  drop: (assignment: Assignment) => void;
  /** What another window of the same person saved of this task since. */
  elsewhere: Draft | null;
  takeElsewhere: () => void;
}

const keyOf = (assignment: Assignment, opened: boolean) => (opened ? `correction:${assignment.id}` : assignment.id);

/** What is said so far of each task at hand: on the page, in the browser, and on the server. */
export function useDrafts(assignment: Assignment | null, opened: Past | undefined): Drafts {
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({});
  const [conflicts, setConflicts] = useState<Readonly<Record<string, unknown>>>({});
  const reachable = useReachable();
  const correcting = opened !== undefined;
  const [sync] = useState(
    () =>
      new DraftSync({
        save: saveDraft,
        onSaved: markSaved,
        onConflict: (id, body) => setConflicts((all) => ({ ...all, [id]: body })),
      }),
  );

  useEffect(() => sweepDrafts(Date.now()), []);
  useEffect(() => {
    if (assignment) sync.know(assignment);
  }, [assignment, sync]);
  useEffect(() => {
    if (reachable) void sync.flush();
  }, [reachable, sync]);
  useEffect(() => {
    const leave = () => document.hidden && void sync.flush(true);
    document.addEventListener("visibilitychange", leave);
    return () => {
      document.removeEventListener("visibilitychange", leave);
      void sync.flush(true);
    };
  }, [sync]);

  const key = assignment ? keyOf(assignment, correcting) : null;
  // Read once: what is typed here from then on is the draft.
  const [first, setFirst] = useState<{ of: Assignment; draft: Draft } | null>(null);
  if (assignment && first?.of !== assignment) setFirst({ of: assignment, draft: firstDraft(assignment) });
  const said = key === null ? undefined : drafts[key];
  const draft = said ?? opened?.draft ?? (first && first.of === assignment ? first.draft : undefined) ?? EMPTY_DRAFT;

  const put = (id: string, next: Draft) => setDrafts((all) => ({ ...all, [id]: next }));
  const forget = (...gone: string[]) => {
    setDrafts((all) => without(all, gone));
    setConflicts((all) => without(all, gone));
  };
  const elsewhere = assignment && !correcting ? draftIn(conflicts[assignment.id], assignment) : null;

  const change = (next: Draft) => {
    if (!assignment || key === null) return;
    put(key, next);
    // A correction is of what the server has already.
    if (correcting) return;
    keepDraft(assignment.id, next, sync.revisionOf(assignment.id));
    sync.save(assignment.id, toStored(next));
  };

  return {
    draft,
    change,
    begin: (task, next) => {
      sync.know(task);
      keepDraft(task.id, next, task.draft.revision);
      put(task.id, next);
    },
    drop: (task) => {
      if (!correcting) {
        sync.drop(task.id);
        dropDraft(task.id);
      }
      forget(keyOf(task, correcting));
    },
    elsewhere,
    takeElsewhere: () => {
      if (!elsewhere || !assignment) return;
      change(elsewhere);
      setConflicts((all) => without(all, [assignment.id]));
    },
  };
}

function without<T>(all: Readonly<Record<string, T>>, gone: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !gone.includes(key)));
}
