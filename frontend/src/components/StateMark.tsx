import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconPlayerTrackNext,
  IconProgress,
} from "@tabler/icons-react";

import type { Round, RunState, StepState } from "@/api/types";

import classes from "./StateMark.module.css";

type State = RunState | StepState | Round["state"];

const MARKS: Record<State, { word: string; tone: string | undefined; Icon: typeof IconCircle }> = {
  queued: { word: "Queued", tone: classes.quiet, Icon: IconCircleDashed },
  starting: { word: "Starting", tone: classes.active, Icon: IconProgress },
  running: { word: "Running", tone: classes.active, Icon: IconProgress },
  succeeded: { word: "Succeeded", tone: classes.done, Icon: IconCircleCheck },
  done: { word: "Done", tone: classes.done, Icon: IconCircleCheck },
  failed: { word: "Failed", tone: classes.care, Icon: IconAlertTriangle },
  cancelled: { word: "Cancelled", tone: classes.quiet, Icon: IconCircleMinus },
  waiting: { word: "Waiting", tone: classes.quiet, Icon: IconCircle },
  skipped: { word: "Skipped", tone: classes.quiet, Icon: IconPlayerTrackNext },
};

/** A state as a sign and a word: never by colour alone. */
export function StateMark({ state, word }: { state: State; word?: string }) {
  const mark = MARKS[state];
  return (
    <span className={`${classes.mark} ${mark.tone ?? ""}`}>
      <mark.Icon size={15} stroke={1.9} aria-hidden />
      {word ?? mark.word}
    </span>
  );
}
