import { t } from "@lingui/core/macro";

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
  queued: { get word() { return t`Queued`; }, tone: classes.quiet, Icon: IconCircleDashed },
  starting: { get word() { return t`Starting`; }, tone: classes.active, Icon: IconProgress },
  running: { get word() { return t`Running`; }, tone: classes.active, Icon: IconProgress },
  succeeded: { get word() { return t`Succeeded`; }, tone: classes.done, Icon: IconCircleCheck },
  done: { get word() { return t`Done`; }, tone: classes.done, Icon: IconCircleCheck },
  failed: { get word() { return t`Failed`; }, tone: classes.care, Icon: IconAlertTriangle },
  cancelled: { get word() { return t`Cancelled`; }, tone: classes.quiet, Icon: IconCircleMinus },
  waiting: { get word() { return t`Waiting`; }, tone: classes.quiet, Icon: IconCircle },
  skipped: { get word() { return t`Skipped`; }, tone: classes.quiet, Icon: IconPlayerTrackNext },
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
