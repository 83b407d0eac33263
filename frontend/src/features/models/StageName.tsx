import type { Model } from "@/api/types";
import { STAGES_IN_TEXT } from "@/lib/names";

import classes from "./Models.module.css";

export function StageName({ stage }: { stage: Model["stage"] }) {
  return <span className={stage === "promoted" ? classes.promoted : classes.stage}>{STAGES_IN_TEXT[stage]}</span>;
}
