import { t } from "@lingui/core/macro";
import type { ReactNode } from "react";

import type { StepName, StepState } from "@/api/types";

import classes from "./LoopSteps.module.css";
import { StateMark } from "./StateMark";

export interface LoopStep {
  name: StepName;
  state?: StepState;
  /** The one number that matters. */
  figure: ReactNode;
  note?: ReactNode;
  time?: ReactNode;
}

interface Props {
  steps: readonly LoopStep[];
  label: string;
  selected?: StepName | undefined;
  /** A click on a step; without it the steps are only looked at. */
  onSelect?: (name: StepName) => void;
  /** What closes the loop, beneath it. */
  closing?: ReactNode;
}

const TITLES: Record<StepName, string> = {
  get sample() { return t({ message: "Sample", context: "step" }); },
  get label() { return t({ message: "Label", context: "step" }); },
  get snapshot() { return t({ message: "Snapshot", context: "step" }); },
  get reward() { return t({ message: "Reward", context: "step" }); },
  get policy() { return t({ message: "Policy", context: "step" }); },
  get evaluate() { return t({ message: "Evaluate", context: "step" }); },
};

/** sample → label → snapshot → reward → policy → evaluate, and back. */
export function LoopSteps({ steps, label, selected, onSelect, closing }: Props) {
  return (
    <div className={classes.loop}>
      <ol className={classes.steps} aria-label={label}>
        {steps.map((step) => (
          <li key={step.name} className={classes.step} data-state={step.state}>
            <StepBox step={step} selected={selected === step.name} onSelect={onSelect} />
          </li>
        ))}
      </ol>
      <div className={classes.back} aria-hidden>
        <svg width="12" height="8" viewBox="0 0 12 8">
          <path d="M1 7 6 1l5 6" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
        </svg>
      </div>
      {closing ? <p className={classes.closing}>{closing}</p> : null}
    </div>
  );
}

interface BoxProps {
  step: LoopStep;
  selected: boolean;
  onSelect: ((name: StepName) => void) | undefined;
}

function StepBox({ step, selected, onSelect }: BoxProps) {
  const content = (
    <>
      <span className={classes.title}>{TITLES[step.name]}</span>
      {step.state ? <StateMark state={step.state} /> : null}
      <span className={classes.figure}>{step.figure}</span>
      <span className={classes.note}>{step.note ?? ""}</span>
      {step.time ? <span className={classes.note}>{step.time}</span> : null}
    </>
  );
  return onSelect ? (
    <button type="button" className={classes.box} aria-pressed={selected} onClick={() => onSelect(step.name)}>
      {content}
    </button>
  ) : (
    <div className={classes.box}>{content}</div>
  );
}
