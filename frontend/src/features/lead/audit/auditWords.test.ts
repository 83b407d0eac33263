import { expect, test } from "vitest";

import type { AuditEvent } from "@/api/types";

import { detailsOf, endOfDay, objectOf, startOfDay } from "./auditWords";

const PEOPLE = new Map([[7, "Bob"]]);
const event = (action: string, type: string, data: unknown): AuditEvent =>
  ({ id: 1, at: "", actor: "Alice", actor_id: 1, action, object_type: type, object_id: "12", data });
const lines = (action: string, type: string, data: unknown) =>
  detailsOf(event(action, type, data), (id) => PEOPLE.get(id)).map(({ name, value }) => `${name}: ${value}`);

test("details are in words, and people have their names", () => {
  expect(lines("member.added", "membership", { user: 7, role: "lead" })).toEqual(["Person: Bob", "Role: lead"]);
  expect(lines("member.removed", "membership", { user: 8 })).toEqual(["Person: 8"]);
  expect(lines("tasks.changed", "project", { overlap: 3, num_tasks: 1200, tasks: [4, 5] })).toEqual([
    "Judgments per task: 3",
    "Tasks: 1,200",
    "Tasks: 4, 5",
  ]);
  expect(lines("gold.set", "task", { tiers: [["B"], ["A", "C"]], feedback: true, verdict: "none" })).toEqual([
    "Responses, best first: B, A = C",
    "Shown afterwards: yes",
  ]);
  expect(lines("member.capped", "membership", { caps: { per_day: 40, in_total: null } })).toEqual(["Caps: A day: 40, In all: none"]);
  expect(lines("import.finished", "importjob", { import: 12, state: "succeeded", counts: { tasks_created: 2 }, error: "" })).toEqual([
    "State: succeeded",
    "New tasks: 2",
  ]);
  expect(lines("rule.added", "qualityrule", { measure: "gold_accuracy", action: "pause" })).toEqual([
    "Measure: Gold accuracy",
    "Action: Pause the annotator",
  ]);
  expect(lines("x.y", "thing", { never_heard_of: 1 })).toEqual(["never heard of: 1"]);
});

test("what changed shows what it was before, and only the parts that differ", () => {
  expect(lines("project.updated", "project", { overlap: [1, 2], name: ["Tone", "Kindness"], exposure_cap: [null, 20] })).toEqual([
    "Judgments per task: 1 → 2",
    "Name: Tone → Kindness",
    "Tasks with risk a day at most: none → 20",
  ]);
  const reasons = (choices: unknown[], required: boolean) => ({ choices, required });
  const changed = { ties: [true, false], reasons: [reasons([], false), reasons([{ key: "a", label: "Wrong" }], false)] };
  expect(lines("protocol.changed", "protocolversion", { number: 3, changed })).toEqual([
    "Ties: yes → no",
    "Reasons, choices: none → Wrong",
  ]);
});

test("a list of two is no change", () => {
  expect(lines("invitation.created", "invitation", { roles: ["lead", "annotator"] })).toEqual(["Roles: lead, annotator"]);
});

test("objects have names that people know", () => {
  expect(objectOf(event("import.queued", "importjob", {}))).toEqual({ name: "Import", value: "12" });
  expect(objectOf(event("guidelines.added", "guidelineversion", { number: 3 }))).toEqual({ name: "Guidelines version", value: "3" });
  expect(objectOf(event("project.updated", "project", {}))).toEqual({ name: "Project", value: "" });
});

test("a day reaches from its first moment to the first of the next", () => {
  const hours = (Date.parse(endOfDay("2026-06-15")) - Date.parse(startOfDay("2026-06-15"))) / 3_600_000;
  expect(hours).toBe(24);
});
