import { expect, test } from "vitest";

import { agreementScale, pairKey, roundUp, sample, scaleFor, two, unitName } from "./figures";

const of = (low: number, high: number) => ({ value: (low + high) / 2, low, high, n: 10, method: "" });

test("a figure without an interval is not drawn", () => {
  expect(sample({ value: 0.5, low: null, high: null, n: 3 })).toBeNull();
  expect(sample({ value: null, low: null, high: null, n: 0 })).toBeNull();
  expect(sample({ value: 0.5, low: 0.2, high: 0.8, n: 3, method: "wilson" })).toEqual({ value: 0.5, low: 0.2, high: 0.8, n: 3, method: "wilson" });
});

test("a line without an end of its own reaches a round number beyond the figures", () => {
  expect(scaleFor([of(8, 12.3)], String).high).toBe(20);
  expect(roundUp(0.034)).toBeCloseTo(0.04);
  expect(roundUp(0)).toBe(1);
});

test("the agreement line begins below every interval and crosses at chance", () => {
  expect(agreementScale([of(0.2, 0.6)])).toMatchObject({ low: 0, high: 1, middle: 0 });
  expect(agreementScale([of(-0.06, 0.3)]).low).toBe(-0.5);
  expect(agreementScale([of(-0.7, 0.3)]).low).toBe(-1);
  expect(agreementScale([of(-0.06, 0.3)]).marks).toEqual([-0.5, 0, 0.5, 1]);
});

test("numbers carry a real minus, and pairs have one key", () => {
  expect(two(-0.333)).toBe("−0.33");
  expect(pairKey(10, 9)).toBe(pairKey(9, 10));
  expect(unitName("criterion:tone")).toBe("Criterion “tone”");
});
