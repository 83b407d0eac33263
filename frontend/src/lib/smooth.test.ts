import { expect, it } from "vitest";

import { smooth } from "./smooth";

it("leaves values alone without a weight", () => {
  expect(smooth([1, null, 3], 0)).toEqual([1, null, 3]);
});

it("starts at the first value instead of leaning to zero", () => {
  const [first, second] = smooth([10, 10, 10], 0.9);
  expect(first).toBeCloseTo(10);
  expect(second).toBeCloseTo(10);
});
