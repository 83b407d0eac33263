import type { ComponentType } from "react";

import type { Assignment, JudgmentCreate, Project } from "@/api/types";

export type JudgmentBody = Omit<JudgmentCreate, "lease_token" | "client_key">;

export interface JudgingProps {
  project: Project;
  assignment: Assignment;
  /** Left out where one only tries it. */
  onSubmit?: (said: JudgmentBody) => void;
}

/** The ranking page's desk, for pages outside the queue. The router hands it in, since features do
 * not know each other. */
export type JudgingDesk = ComponentType<JudgingProps>;
