import { createContext, use } from "react";

const CONNECTED_MS = 60_000;
const FALLBACK_MS = 10_000;

export const LiveContext = createContext(false);

/** How often to ask anyway: messages may be lost, and the socket may be down. */
export function usePolling(): number {
  return use(LiveContext) ? CONNECTED_MS : FALLBACK_MS;
}
