import type { Model } from "@/api/types";

import classes from "./Models.module.css";

export function StageName({ stage }: { stage: Model["stage"] }) {
  return <span className={stage === "promoted" ? classes.promoted : classes.stage}>{stage}</span>;
}
