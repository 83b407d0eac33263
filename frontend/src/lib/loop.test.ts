import { expect, it } from "vitest";

import type { Evaluation, Model, Round } from "@/api/types";

import { headline, resultsOf } from "./loop";

const MODEL: Model = {
  id: 1,
  ref: "base@1",
  kind: "base",
  stage: "candidate",
  project: "support-tone",
  name: "base",
  number: 1,
  parent: null,
  produced_by: null,
  source: "base-model",
  files: [],
  critic_files: [],
  summary: {},
  created_at: "2026-05-10T12:00:00Z",
};

function evaluation(judge: Evaluation["judge"], baseline: string, n: number): Evaluation {
  const share = n ? 0.7 : null;
  return {
    id: n,
    run: 1,
    candidate: "policy@1",
    baseline,
    judge,
    judge_model: null,
    wins: 0,
    ties: 0,
    losses: 0,
    win_rate: { value: share, low: share, high: share, n, method: "wilson" },
  };
}

function round(evaluations: Evaluation[]): Round {
  return {
    id: 1,
    project: "support-tone",
    number: 1,
    spec: { base: "base@1" },
    state: "succeeded",
    error: "",
    policy_in: MODEL,
    policy_out: null,
    created_at: "2026-05-10T12:00:00Z",
    finished_at: null,
    steps: [],
    evaluations,
    next_tasks: null,
  };
}

it("knows a round by what people said against the base", () => {
  const all = [
    evaluation("reward_model", "base@1", 200),
    evaluation("people", "policy@0", 50),
    evaluation("people", "base@1", 100),
  ];
  expect(headline(round(all))).toMatchObject({ judge: "people", baseline: "base@1", sample: { n: 100 } });
});

it("falls back to the reward model, and shows nothing of nothing", () => {
  const unjudged = evaluation("people", "base@1", 0);
  expect(headline(round([unjudged, evaluation("reward_model", "base@1", 200)]))).toMatchObject({ judge: "reward_model" });
  expect(resultsOf(round([unjudged]))).toEqual([]);
  expect(headline(round([unjudged]))).toBeNull();
});
