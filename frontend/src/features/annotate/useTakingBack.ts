import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { ApiError } from "@/api/client";
import { myWorkQuery, undoJudgment } from "@/api/queue";
import type { Assignment, MyWork } from "@/api/types";

import type { OutboxState } from "./outbox";
import type { Past } from "./session";

/** What the server acknowledged in this visit, by assignment. */
export type StoredJudgments = Readonly<Record<string, { judgment: number; madeAt: number }>>;

interface Options {
  slug: string;
  stored: StoredJudgments;
  saving: OutboxState;
  last: MyWork["last"];
  onTaken: (past: Past, assignment: Assignment) => void;
  /** It stands: too old, corrected since, or the server was away. */
  onStands: (past: Past) => void;
}

/** Judgments that the server has stored, and may still give back whole. */
export function useTakingBack({ slug, stored, saving, last, onTaken, onStands }: Options) {
  const client = useQueryClient();
  const [doubtful, setDoubtful] = useState<readonly string[]>([]);

  const take = useMutation({
    mutationFn: ({ past, judgment }: { past: Past; judgment: number }) => undoJudgment(past.assignment.id, judgment),
    onSuccess: (assignment, { past }) => {
      onTaken(past, assignment);
      void client.invalidateQueries(myWorkQuery(slug));
    },
    onError: (error, { past }) => {
      if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) {
        setDoubtful((ids) => [...ids, past.assignment.id]);
      }
      onStands(past);
    },
  });

  /** The judgment to take back, or null where only a correction is left. */
  const judgmentOf = ({ assignment }: Past): number | null => {
    // What is still on its way is followed by a correction, which cannot overtake it.
    if (saving.waiting.some((entry) => entry.assignmentId === assignment.id)) return null;
    const known = stored[assignment.id];
    if (!known) return last?.assignment.id === assignment.id ? last.judgment.id : null;
    const seconds = (Date.now() - known.madeAt) / 1000;
    return seconds < assignment.protocol.undo_seconds ? known.judgment : null;
  };

  return {
    busy: take.isPending,
    /** Takes it back, if it still can be; false where a correction has to do. */
    tryTake: (past: Past): boolean => {
      const judgment = judgmentOf(past);
      if (judgment === null) return false;
      take.mutate({ past, judgment });
      return true;
    },
    /** The server did not answer: it may have been taken back. Saying it again settles that. */
    isDoubtful: (id: string) => doubtful.includes(id),
    settle: (id: string) => setDoubtful((ids) => ids.filter((other) => other !== id)),
  };
}
