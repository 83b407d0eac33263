import { expect, test } from "vitest";

import { ranking } from "@/lib/words";

import { letterAt, rankOf, saidByPlace } from "./reviews";

test("places are read as the letters they were shown under", () => {
  const row = { tiers: [[1], [0, 2]], verdict: "none" as const, strengths: [1] };
  expect(ranking(saidByPlace(row), letterAt)).toBe("B › A = C");
  expect([0, 1, 2].map((place) => rankOf(row, place))).toEqual([2, 1, 2]);
});

test("a verdict ranks nothing", () => {
  const row = { tiers: [[0, 1]], verdict: "both_bad" as const, strengths: [] };
  expect(rankOf(row, 0)).toBeNull();
});
