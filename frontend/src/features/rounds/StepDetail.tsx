import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
import { splitInText } from "@/lib/names";

import classes from "./RoundView.module.css";

interface Props {
  project: Project;
  round: Round;
  step: RoundStep;
}

const HEADINGS: Record<StepName, string> = {
  get sample() { return t`Sample: the policy answers prompts`; },
  get label() { return t`Label: people rank what it said`; },
  get snapshot() { return t`Snapshot: the labels are frozen`; },
  get reward() { return t`Reward: a model learns what people prefer`; },
  get policy() { return t`Policy: the model learns from it`; },
  get evaluate() { return t`Evaluate: is it better?`; },
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
              <Trans>Open run {step.run.id}</Trans>
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
          <Trans>Accuracy on held-out comparisons: <IntervalText value={summary.accuracy} /></Trans>
        </p>
      );
    case "policy":
      return <p className={classes.muted}>{summary.model ? t`${summary.model} was trained from ${round.policy_in.ref}.` : t`It trains now.`}</p>;
    case "evaluate":
      return <EvaluateDetail project={project} round={round} step={step} />;
  }
}

const WAITS: Record<StepName, string> = {
  get sample() { return t`Waits for the round to begin.`; },
  get label() { return t`Waits for samples to rank.`; },
  get snapshot() { return t`Waits for enough judgments.`; },
  get reward() { return t`Waits for the frozen labels.`; },
  get policy() { return t`Waits for the reward model.`; },
  get evaluate() { return t`Waits for the new policy.`; },
};

const promotion = (policy: string): string => t`${policy} was promoted.`;

function sampleWords(step: RoundStep): string {
  if (step.state === "skipped") return t`Enough tasks were open already, so nothing was sampled.`;
  const { tasks, skipped } = step.summary;
  if (tasks === undefined) return t`The policy answers prompts that were used least so far.`;
  const queued = plural(tasks, { one: "# task went into the queue.", other: "# tasks went into the queue." });
  if (!skipped) return queued;
  const equal = plural(skipped, {
    one: "# prompt was answered with one text twice: nothing to rank.",
    other: "# prompts were answered with one text twice: nothing to rank.",
  });
  return `${queued} ${equal}`;
}

interface ProgressProps {
  project: Project;
  done: number;
  wanted: number;
  active: boolean;
  what?: string;
}

function LabelProgress({ project, done, wanted, active, what = t`judgments` }: ProgressProps) {
  const share = wanted ? Math.min(1, done / wanted) : 0;
  return (
    <>
      <div className={classes.row}>
        <span>
          <Trans>{count(done)} of {count(wanted)} {what} ({percent(share, 0)})</Trans>
        </span>
        {active && may(project, "task.annotate") ? (
          <LinkButton size="xs" to="/p/$slug/annotate" params={{ slug: project.slug }}>
            <Trans>Start ranking</Trans>
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
      <span>{rows.map(([split, n]) => `${count(n)} ${splitInText(split)}`).join(" · ")}</span>
      {step.snapshot ? (
        <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(step.snapshot) }}>
          <Trans>Snapshot {step.snapshot}</Trans>
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
          title={t`Win rate, ties count half`}
          rows={results.map((result) => ({
            id: `${result.baseline}:${result.judge}`,
            name: t`against ${result.baseline}`,
            note: t`by ${JUDGES[result.judge]}`,
            sample: result.sample,
            colour: seriesColour(round.policy_out?.id ?? 0),
            hollow: result.judge === "reward_model",
          }))}
        />
      ) : (
        <p className={classes.muted}><Trans>The new policy answers prompts that nobody trained on.</Trans></p>
      )}
      {human && human.wanted > 0 ? (
        <LabelProgress
          project={project}
          done={human.done}
          wanted={human.wanted}
          active={step.state === "running"}
          what={t`blind judgments by people`}
        />
      ) : null}
      {step.summary.promoted === undefined ? null : (
        <p className={classes.muted}>
          {step.summary.promoted
            ? promotion(round.policy_out?.ref ?? t`The new policy`)
            : t`The new policy was not promoted.`}
        </p>
      )}
    </>
  );
}
