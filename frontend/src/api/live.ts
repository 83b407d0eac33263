import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { isRecord } from "@/lib/shapes";

export type LiveState = "connecting" | "open" | "closed";

interface Changed {
  topic: string;
  id: number | null;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 20_000;
const SETTLE_MS = 400;
// Closed by the server for good: not a member, no such thing, not signed in.
const REFUSED = new Set([4401, 4403, 4404]);

/** Keeps one socket open and calls `onChange` for each message, and once after every
 * (re)connection, since what happened in between was not heard. */
export function openLive(
  path: string,
  onChange: (message: Changed) => void,
  onState: (state: LiveState) => void,
): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = FIRST_RETRY_MS;
  let stopped = false;
  let everOpen = false;

  const connect = () => {
    onState("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}${path}`);
    socket.onopen = () => {
      delay = FIRST_RETRY_MS;
      onState("open");
      if (everOpen) onChange({ topic: "all", id: null });
      everOpen = true;
    };
    socket.onmessage = (event) => {
      const message = parse(event.data);
      if (message) onChange(message);
    };
    socket.onclose = (event) => {
      if (stopped) return;
      onState("closed");
      if (REFUSED.has(event.code)) return;
      timer = setTimeout(connect, delay);
      delay = Math.min(delay * 2, LAST_RETRY_MS);
    };
  };
  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  };
}

function parse(data: unknown): Changed | null {
  if (typeof data !== "string") return null;
  try {
    const message: unknown = JSON.parse(data);
    if (!isRecord(message) || typeof message.topic !== "string") return null;
    return { topic: message.topic, id: typeof message.id === "number" ? message.id : null };
  } catch {
    return null;
  }
}

/** Collects the keys of a burst of changes and refetches each once. */
function useSettledInvalidation(client: QueryClient, path: string | null, keysOf: (message: Changed) => QueryKey[]) {
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => {
    if (!path) return;
    const waiting = new Map<string, QueryKey>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      for (const queryKey of waiting.values()) void client.invalidateQueries({ queryKey });
      waiting.clear();
    };
    const close = openLive(
      path,
      (message) => {
        for (const key of keysOf(message)) waiting.set(JSON.stringify(key), key);
        timer ??= setTimeout(flush, SETTLE_MS);
      },
      setState,
    );
    return () => {
      clearTimeout(timer);
      close();
    };
    // keysOf is a pure function of path.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, path]);
  return state;
}

export function useProjectLive(slug: string): LiveState {
  const client = useQueryClient();
  return useSettledInvalidation(client, `/ws/projects/${slug}`, ({ topic, id }) => {
    if (topic === "queue") {
      return ["counts", "my-work", "tasks"].map((part) => ["project", slug, part]);
    }
    if (topic === "runs") {
      return [["project", slug, "runs"], ["project", slug, "models"], ...(id ? [["run", id, "detail"]] : [])];
    }
    if (topic === "rounds") {
      return [
        ["project", slug, "rounds"],
        ["project", slug, "evaluations"],
        ["project", slug, "models"],
        ["project", slug, "snapshots"],
        ...(id ? [["round", id]] : []),
      ];
    }
    // Often, and of interest to those pages only which show them.
    if (topic === "presence" || topic === "quality" || topic === "imports") return [["project", slug, topic]];
    return [["project", slug]];
  });
}

export function useRunLive(id: number | null): LiveState {
  const client = useQueryClient();
  return useSettledInvalidation(client, id === null ? null : `/ws/runs/${id}`, ({ topic }) =>
    topic === "metrics" ? [["run", id, "metrics"], ["run", id, "logs"], ["run", id, "detail"]] : [["run", id]],
  );
}
