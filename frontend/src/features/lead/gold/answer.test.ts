import { expect, test } from "vitest";

import { missingFrom, placesOf, tiersFrom } from "./answer";

const LETTERS = ["A", "B", "C"];

test("places become tiers, best first, whatever numbers were used", () => {
  expect(tiersFrom(LETTERS, { A: 3, B: 1, C: 3 })).toEqual([["B"], ["A", "C"]]);
  expect(tiersFrom(LETTERS, placesOf([["C"], ["A", "B"]]))).toEqual([["C"], ["A", "B"]]);
});

test("an answer is complete when every response has a place and they are told apart", () => {
  expect(missingFrom(LETTERS, { A: 1, B: 2 }, "none")).toContain("every response");
  expect(missingFrom(LETTERS, { A: 1, B: 1, C: 1 }, "none")).toContain("no answer");
  expect(missingFrom(LETTERS, { A: 1, B: 2, C: 2 }, "none")).toBeNull();
  expect(missingFrom(LETTERS, {}, "both_bad")).toBeNull();
});
