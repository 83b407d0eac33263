import { expect, test } from "vitest";

import type { Protocol } from "@/api/types";

import { changes, keyFor, moved, problems } from "./edit";

const PROTOCOL: Protocol = {
  system_prompt: "folded",
  ties: true,
  strength: true,
  both_good: true,
  both_bad: true,
  cannot_judge: true,
  skip: true,
  skip_reason: "optional",
  skip_reasons: [],
  criteria: [],
  reasons: { choices: [], required: false, min: 0, max: 50 },
  comment: { ask: "optional", min_length: 0 },
  spans: [],
  edit: "off",
  demonstrations: { on: false, min_length: 1 },
  undo_seconds: 120,
};
const choice = (label: string) => ({ key: keyFor(label, []), label, description: "" });

test("a key is what the server takes, whatever the label", () => {
  const allowed = /^[a-z0-9][a-z0-9_-]{0,39}$/;
  for (const label of ["Too long!", "Ünhöflich", "  -- ", "日本", "x".repeat(80)]) expect(keyFor(label, [])).toMatch(allowed);
  expect(keyFor("Too long!", [])).toBe("too-long");
});

test("a key that is taken gets a number, and stays short enough", () => {
  expect(keyFor("Tone", ["tone", "tone-2"])).toBe("tone-3");
  const long = "x".repeat(40);
  expect(keyFor(long, [long])).toHaveLength(40);
});

test("moving past an end changes nothing", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
});

test("a version says what it changed", () => {
  const after = { ...PROTOCOL, ties: false, criteria: [{ ...choice("Tone"), low: 1, high: 5, labels: {}, required: true }] };
  expect(changes(PROTOCOL, after)).toEqual(["ties off", "Criteria: Tone added"]);
  expect(changes(after, PROTOCOL)).toEqual(["ties on", "Criteria: Tone removed"]);
  expect(changes(PROTOCOL, PROTOCOL)).toEqual([]);
});

test("a relabelled choice is a change, since its key stays", () => {
  const one = { ...PROTOCOL, spans: [choice("Wrong")] };
  const other = { ...PROTOCOL, spans: [{ ...choice("Wrong"), label: "Invented" }] };
  expect(changes(one, other)).toEqual(["Passages: changed"]);
});

test("what cannot be saved says why", () => {
  const bad = {
    ...PROTOCOL,
    criteria: [{ ...choice("Tone"), low: 5, high: 5, labels: {}, required: true }],
    reasons: { choices: [choice("a")], required: true, min: 2, max: 5 },
    spans: [{ ...choice("x"), label: " " }],
  };
  expect(problems(bad)).toHaveLength(3);
  expect(problems(PROTOCOL)).toEqual([]);
});
