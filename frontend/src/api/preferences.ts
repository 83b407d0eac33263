import { queryOptions } from "@tanstack/react-query";

import { api, call } from "./client";
import type { StoredPreferences } from "./types";

/** Asked for once a visit: from then on this page knows better. */
export const preferencesQuery = (person: number | null) =>
  queryOptions({
    queryKey: ["preferences", person],
    queryFn: () => call(api.GET("/api/me/preferences")),
    enabled: person !== null,
    staleTime: Infinity,
  });

export const storePreferences = (body: StoredPreferences) => call(api.PATCH("/api/me/preferences", { body }));
