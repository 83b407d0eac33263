import { plural, t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { modelsQuery } from "@/api/models";
import { snapshotsQuery } from "@/api/datasets";
import { roundsQuery } from "@/api/rounds";
import type { Counts, Model, Project, Round, StepName } from "@/api/types";
import { Ago } from "@/components/Ago";
import { LoopSteps, type LoopStep } from "@/components/LoopSteps";
import { bounds, count, percent } from "@/lib/format";
import { headline, JUDGES, stepOf } from "@/lib/loop";
import { sampled } from "@/lib/shapes";
import { STAGES_IN_TEXT } from "@/lib/names";

interface Props {
  project: Project;
  counts: Counts;
}

/** The loop as it stands: what each step has to show, whoever made it. */
export function ProjectLoop({ project, counts }: Props) {
  const { slug } = project;
  const navigate = useNavigate();
  const rounds = useQuery(roundsQuery(slug));
  const models = useQuery(modelsQuery(slug));
  const snapshots = useQuery(snapshotsQuery(slug));
  const newest = rounds.data?.results[0];
  const all = models.data?.results ?? [];
  const reward = all.find((model) => model.kind === "reward");
  const policy = all.find((model) => model.kind === "policy" && model.stage === "promoted") ?? all.find((m) => m.kind === "policy");
  const snapshot = snapshots.data?.results.find((one) => one.kind === "preferences");
  const accuracy = sampled(reward?.summary.eval_accuracy);
  const judged = rounds.data?.results.map((round) => headline(round)).find((result) => result !== null);

  const steps: LoopStep[] = [
    { name: "sample", figure: count(counts.tasks), note: t`tasks` },
    { name: "label", figure: count(counts.judgments), note: t`${count(counts.slots_open)} wanted now` },
    snapshot
      ? { name: "snapshot", figure: count(sum(snapshot.num_rows)), note: t`rows frozen`, time: <Ago at={snapshot.created_at} /> }
      : { name: "snapshot", figure: "–", note: t`nothing frozen` },
    { name: "reward", figure: accuracy ? percent(accuracy.value) : "–", note: accuracy ? bounds(accuracy) : noteOf(reward) },
    { name: "policy", figure: policy?.ref ?? "–", note: policy ? STAGES_IN_TEXT[policy.stage] : t`not trained yet` },
    {
      name: "evaluate",
      figure: judged ? percent(judged.sample.value) : "–",
      note: judged ? `${bounds(judged.sample)}, ${JUDGES[judged.judge]}` : t`nothing compared`,
    },
  ];
  const open = (name: StepName) => {
    if (newest) void navigate({ to: "/p/$slug/rounds/$number", params: { slug, number: String(newest.number) }, search: { step: name } });
    else void navigate({ to: FALLBACK[name], params: { slug } });
  };
  return (
    <section aria-label={t`The loop`}>
      <LoopSteps
        label={t`Steps of the loop`}
        steps={steps.map((step) => ({ ...step, ...stateIn(newest, step.name) }))}
        onSelect={open}
        closing={newest ? closing(newest) : t`No round yet. A round runs the whole loop by itself.`}
      />
    </section>
  );
}

const FALLBACK = {
  sample: "/p/$slug/runs",
  label: "/p/$slug/annotate",
  snapshot: "/p/$slug/datasets",
  reward: "/p/$slug/models",
  policy: "/p/$slug/models",
  evaluate: "/p/$slug/rounds",
} as const satisfies Record<StepName, string>;

function stateIn(round: Round | undefined, name: StepName): Pick<LoopStep, "state"> {
  const state = round?.state === "running" ? stepOf(round, name)?.state : undefined;
  return state ? { state } : {};
}

const ENDED: Record<Exclude<Round["state"], "running">, (number: number) => string> = {
  succeeded: (number) => t`Round ${number} succeeded.`,
  failed: (number) => t`Round ${number} failed.`,
  cancelled: (number) => t`Round ${number} cancelled.`,
};

function closing(round: Round): string {
  if (round.state === "running") return t`Round ${round.number} is running.`;
  const ended = ENDED[round.state](round.number);
  if (!round.next_tasks) return ended;
  const next = plural(round.next_tasks, {
    one: "Its policy put # new task into the queue.",
    other: "Its policy put # new tasks into the queue.",
  });
  return `${ended} ${next}`;
}

const sum = (rows: Record<string, number>): number => Object.values(rows).reduce((total, n) => total + n, 0);
const noteOf = (model: Model | undefined): string => (model ? model.ref : t`not trained yet`);
