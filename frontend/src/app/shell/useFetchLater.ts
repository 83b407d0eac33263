import { useQueryClient } from "@tanstack/react-query";
import { useLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

import { fetchLater } from "@/lib/later";

const LOOK_MS = 300;

/** Fetches what each page left for later, once it is shown and nothing more is under way for it. */
export function useFetchLater(): void {
  const router = useRouter();
  const client = useQueryClient();
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    let quiet = 0;
    const timer = setInterval(() => {
      const busy = router.state.status !== "idle" || client.isFetching() > 0 || client.isMutating() > 0;
      quiet = busy ? 0 : quiet + 1;
      // One look may fall between two steps of the same page.
      if (quiet < 2) return;
      clearInterval(timer);
      fetchLater();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [router, client, path]);
}
