import { plural, t } from "@lingui/core/macro";

import type { Round, RoundStep, StepName } from "@/api/types";
import { bounds, count, duration, percent, secondsBetween } from "@/lib/format";
import { headline, JUDGES } from "@/lib/loop";
import { isMethod, KIND_NAMES } from "@/lib/runKinds";
import { sampled } from "@/lib/shapes";

export function methodOf(round: Round): string {
  const method = round.spec.method;
  return isMethod(method) ? KIND_NAMES[method] : "–";
}

interface Figure {
  figure: string;
  note: string;
}

/** The one number that matters at each step, and what it is of. */
export function figureOf(round: Round, step: RoundStep): Figure {
  const { summary } = step;
  switch (step.name) {
    case "sample":
      if (step.state === "skipped") return { figure: "–", note: t`enough tasks were open` };
      return summary.tasks === undefined
        ? progress(step, t`answers prompts`)
        : { figure: count(summary.tasks), note: summary.skipped ? t`tasks, ${count(summary.skipped)} equal pairs left out` : t`tasks` };
    case "label":
      return summary.wanted === undefined
        ? { figure: "–", note: t`judgments` }
        : { figure: count(summary.judgments ?? 0), note: plural(summary.wanted, { one: "of # judgments", other: "of # judgments" }) };
    case "snapshot":
      return summary.rows
        ? { figure: count(Object.values(summary.rows).reduce((a, b) => a + b, 0)), note: t`rows frozen` }
        : { figure: "–", note: t`rows` };
    case "reward": {
      const accuracy = sampled(summary.accuracy);
      return accuracy ? { figure: percent(accuracy.value), note: t`accuracy, ${bounds(accuracy)}` } : progress(step, t`accuracy`);
    }
    case "policy":
      return summary.model ? { figure: summary.model, note: methodOf(round) } : progress(step, methodOf(round));
    case "evaluate": {
      const result = headline(round);
      if (result) return { figure: percent(result.sample.value), note: `${bounds(result.sample)}, ${JUDGES[result.judge]}` };
      return progress(step, t`win rate`);
    }
  }
}

function progress(step: RoundStep, note: string): Figure {
  const run = step.run;
  if (step.state !== "running" || !run?.num_steps) return { figure: "–", note };
  return { figure: percent(run.step / run.num_steps, 0), note: t`${count(run.step)} of ${count(run.num_steps)} steps` };
}

export function timeOf(step: RoundStep, now: Date): string | null {
  if (!step.started_at || step.state === "skipped") return null;
  return duration(secondsBetween(step.started_at, step.finished_at ?? now));
}

/** The step that is at work, else the last that ended: what a visitor wants to see opened. */
export function interesting(round: Round): StepName {
  const running = round.steps.find((step) => step.state === "running" || step.state === "failed");
  if (running) return running.name;
  const waiting = round.steps.findIndex((step) => step.state === "waiting");
  return round.steps[waiting < 0 ? round.steps.length - 1 : Math.max(0, waiting - 1)]?.name ?? "sample";
}

/** Fields that no step has read yet may still be changed. */
export function mayChangeMethod(round: Round): boolean {
  return round.state === "running" && round.steps.find((step) => step.name === "policy")?.state === "waiting";
}
