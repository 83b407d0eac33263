import { expect, test } from "vitest";

import { actionsOf, ruleInWords } from "./ruleWords";

test("biases fire above their threshold, accuracy below it", () => {
  expect(ruleInWords({ measure: "gold_accuracy", threshold: 0.7 })).toBe("Gold accuracy below 70%");
  expect(ruleInWords({ measure: "too_fast_share", threshold: 0.3 })).toContain("above 30%");
  expect(ruleInWords({ measure: "task_agreement", threshold: 0.5 })).toBe("Agreement on a task below 0.50");
});

test("tasks are adjudicated and people are paused, never the other way round", () => {
  expect(actionsOf("task_agreement")).toEqual(["adjudicate", "notify"]);
  expect(actionsOf("reliability")).toEqual(["pause", "notify"]);
});
