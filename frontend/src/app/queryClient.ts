import { QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError } from "@/api/client";
import { sessionQuery } from "@/api/session";

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      // Signed out elsewhere, or the session ended: the shell then asks to sign in again.
      if (error instanceof ApiError && error.status === 401) void queryClient.invalidateQueries(sessionQuery);
    },
  }),
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      retry: (failures, error) => error instanceof ApiError && error.unreachable && failures < 2,
      retryDelay: (failures) => 400 * 2 ** failures,
    },
    mutations: { networkMode: "always" },
  },
});
