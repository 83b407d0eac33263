import type { QueryClient } from "@tanstack/react-query";

import { projectsQuery } from "@/api/projects";
import { may } from "@/lib/permissions";

/** Who only ranks, and in one project only, lands on its ranking page; everybody else at home. */
export async function landing(client: QueryClient): Promise<string> {
  try {
    const { results } = await client.query(projectsQuery);
    const [only] = results;
    if (results.length === 1 && only && !may(only, "queue.view") && may(only, "task.annotate")) {
      return `/p/${only.slug}/annotate`;
    }
  } catch {
    // The home page says what is wrong.
  }
  return "/";
}
