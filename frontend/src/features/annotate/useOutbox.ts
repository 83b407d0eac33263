import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";

import { ApiError } from "@/api/client";
import { myWorkQuery, skipAssignment, submitJudgment } from "@/api/queue";
import { refreshSession } from "@/api/session";
import { useReachable } from "@/lib/connection";

import { Outbox, type OnReceipt, type OutboxState, type Send } from "./outbox";
import { browserNeighbours, browserShelf, memoryShelf } from "./shelf";

const send: Send = async (entry) => {
  try {
    return await deliver(entry);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "csrf_failed") throw error;
    // Signing in elsewhere changed the page's security token: asking for the session renews it.
    await refreshSession();
    return deliver(entry);
  }
};

const deliver: Send = async (entry) => {
  if (entry.kind === "judgment") return submitJudgment(entry.assignmentId, entry.body);
  await skipAssignment(entry.assignmentId, entry.body);
  return null;
};

function openOutbox(owner: number): Outbox {
  const shelf = typeof indexedDB === "undefined" ? memoryShelf() : browserShelf(owner);
  return new Outbox({ shelf, send, neighbours: browserNeighbours(owner) });
}

/** The outbox of the person who is signed in, and its state. */
export function useOutbox(owner: number, onReceipt: OnReceipt): [Outbox, OutboxState] {
  const client = useQueryClient();
  const reachable = useReachable();
  const [outbox] = useState(() => openOutbox(owner));
  const state = useSyncExternalStore(outbox.subscribe, outbox.state);

  const received = useEffectEvent<OnReceipt>((entry, receipt) => {
    if (receipt?.state === "accepted" && !receipt.replayed) {
      client.setQueryData(myWorkQuery(entry.slug).queryKey, (work) =>
        work ? { ...work, today: work.today + 1, total: work.total + 1 } : work,
      );
    }
    onReceipt(entry, receipt);
  });
  useEffect(() => outbox.onReceipt((entry, receipt) => received(entry, receipt)), [outbox]);

  useEffect(() => {
    const wake = () => void outbox.flush();
    const stay = (event: BeforeUnloadEvent) => {
      if (outbox.state().unkept > 0) event.preventDefault();
    };
    outbox.start();
    window.addEventListener("online", wake);
    window.addEventListener("beforeunload", stay);
    return () => {
      window.removeEventListener("online", wake);
      window.removeEventListener("beforeunload", stay);
      outbox.stop();
    };
  }, [outbox]);

  useEffect(() => {
    if (reachable) void outbox.flush();
  }, [outbox, reachable]);

  return [outbox, state];
}
