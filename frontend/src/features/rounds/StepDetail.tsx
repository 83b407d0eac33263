import { Link } from "@tanstack/react-router";

import type { Project, Round, RoundStep, StepName } from "@/api/types";
import { MiniCurves } from "@/components/curves/MiniCurves";
import { IntervalText } from "@/components/IntervalText";
import { LinkButton } from "@/components/LinkButton";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Whiskers } from "@/components/Whiskers";
import { count, percent } from "@/lib/format";
import { JUDGES, resultsOf } from "@/lib/loop";
import { may } from "@/lib/permissions";
import { seriesColour } from "@/lib/series";

import classes from "./RoundView.module.css";

interface Props {
  project: Project;
  round: Round;
  step: RoundStep;
}

const HEADINGS: Record<StepName, string> = {
  sample: "Sample: the policy answers prompts",
  label: "Label: people rank what it said",
  snapshot: "Snapshot: the labels are frozen",
  reward: "Reward: a model learns what people prefer",
  policy: "Policy: the model learns from it",
  evaluate: "Evaluate: is it better?",
};

/** One step, opened in place. */
export function StepDetail({ project, round, step }: Props) {
  const { slug } = project;
  return (
    <Panel
      title={HEADINGS[step.name]}
      actions={
        <>
          <StateMark state={step.state} />
          {step.run ? (
            <LinkButton
              size="xs"
              variant="default"
              to="/p/$slug/runs/$runId"
              params={{ slug, runId: String(step.run.id) }}
            >
              Open run {step.run.id}
            </LinkButton>
          ) : null}
        </>
      }
    >
      <div className={classes.body}>
        <Body project={project} round={round} step={step} />
        {step.run ? <MiniCurves key={step.run.id} run={step.run} /> : null}
      </div>
    </Panel>
  );
}

function Body({ project, round, step }: Props) {
  const { summary } = step;
  if (step.state === "waiting") return <p className={classes.muted}>{WAITS[step.name]}</p>;
  switch (step.name) {
    case "sample":
      return <p className={classes.muted}>{sampleWords(step)}</p>;
    case "label":
      return <LabelProgress project={project} done={summary.judgments ?? 0} wanted={summary.wanted ?? 0} active={step.state === "running"} />;
    case "snapshot":
      return <SnapshotRows slug={project.slug} step={step} />;
    case "reward":
      return (
        <p className={classes.muted}>
          Accuracy on held-out comparisons: <IntervalText value={summary.accuracy} />
        </p>
      );
    case "policy":
      return <p className={classes.muted}>{summary.model ? `${summary.model} was trained from ${round.policy_in.ref}.` : "It trains now."}</p>;
    case "evaluate":
      return <EvaluateDetail project={project} round={round} step={step} />;
  }
}

const WAITS: Record<StepName, string> = {
  sample: "Waits for the round to begin.",
  label: "Waits for samples to rank.",
  snapshot: "Waits for enough judgments.",
  reward: "Waits for the frozen labels.",
  policy: "Waits for the reward model.",
  evaluate: "Waits for the new policy.",
};

function sampleWords(step: RoundStep): string {
  if (step.state === "skipped") return "Enough tasks were open already, so nothing was sampled.";
  const { tasks, skipped } = step.summary;
  if (tasks === undefined) return "The policy answers prompts that were used least so far.";
  const equal = skipped ? ` ${count(skipped)} prompts were answered with one text twice: nothing to rank.` : "";
  return `${count(tasks)} tasks went into the queue.${equal}`;
}

interface ProgressProps {
  project: Project;
  done: number;
  wanted: number;
  active: boolean;
  what?: string;
}

function LabelProgress({ project, done, wanted, active, what = "judgments" }: ProgressProps) {
  const share = wanted ? Math.min(1, done / wanted) : 0;
  return (
    <>
      <div className={classes.row}>
        <span>
          {count(done)} of {count(wanted)} {what} ({percent(share, 0)})
        </span>
        {active && may(project, "task.annotate") ? (
          <LinkButton size="xs" to="/p/$slug/annotate" params={{ slug: project.slug }}>
            Start ranking
          </LinkButton>
        ) : null}
      </div>
      <div
        className={classes.progress}
        role="progressbar"
        aria-label={what}
        aria-valuenow={done}
        aria-valuemin={0}
        aria-valuemax={wanted}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
    </>
  );
}

function SnapshotRows({ slug, step }: { slug: string; step: RoundStep }) {
  const rows = Object.entries(step.summary.rows ?? {});
  return (
    <div className={classes.row}>
      <span>{rows.map(([split, n]) => `${count(n)} ${split}`).join(" · ")}</span>
      {step.snapshot ? (
        <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(step.snapshot) }}>
          Snapshot {step.snapshot}
        </Link>
      ) : null}
    </div>
  );
}

function EvaluateDetail({ project, round, step }: Props) {
  const results = resultsOf(round);
  const { human } = step.summary;
  return (
    <>
      {results.length ? (
        <Whiskers
          title="Win rate, ties count half"
          rows={results.map((result) => ({
            id: `${result.baseline}:${result.judge}`,
            name: `against ${result.baseline}`,
            note: `by ${JUDGES[result.judge]}`,
            sample: result.sample,
            colour: seriesColour(round.policy_out?.id ?? 0),
            hollow: result.judge === "reward_model",
          }))}
        />
      ) : (
        <p className={classes.muted}>The new policy answers prompts that nobody trained on.</p>
      )}
      {human && human.wanted > 0 ? (
        <LabelProgress
          project={project}
          done={human.done}
          wanted={human.wanted}
          active={step.state === "running"}
          what="blind judgments by people"
        />
      ) : null}
      {step.summary.promoted === undefined ? null : (
        <p className={classes.muted}>
          {step.summary.promoted
            ? `${round.policy_out?.ref ?? "The new policy"} was promoted.`
            : "The new policy was not promoted."}
        </p>
      )}
    </>
  );
}
