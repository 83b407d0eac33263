import { describe, expect, it } from "vitest";

import type { Assignment } from "@/api/types";

import { EMPTY_DRAFT, fromSaid, inWords, nextUnplaced, place, repeatsShownOrder, scaleOf, step, toSaid, type Draft } from "./judgment";

const PROTOCOL = { ties: true, strength: true, both_good: true, both_bad: true, skip: true };

function assignment(keys: string[], protocol: Partial<typeof PROTOCOL> = {}): Assignment {
  return {
    id: "0b1e",
    lease_token: 1,
    expires_at: null,
    prompt: { messages: [{ role: "user", content: "my kettle arrived broken" }] },
    responses: keys.map((key) => ({ key, messages: [{ role: "assistant", content: key }] })),
    protocol: { ...PROTOCOL, ...protocol },
    protocol_version: 1,
    guideline_version: 1,
    kind: "rank",
  };
}

const pair = assignment(["x", "y"]);
const four = assignment(["w", "x", "y", "z"]);
const placed = (places: Record<string, number>, rest: Partial<Draft> = {}): Draft => ({ ...EMPTY_DRAFT, places, ...rest });

describe("a pair", () => {
  it("says nothing until something is chosen", () => {
    expect(toSaid(EMPTY_DRAFT, pair)).toBeNull();
  });

  it.each([
    [-3, [["x"], ["y"]], [3]],
    [-1, [["x"], ["y"]], [1]],
    [2, [["y"], ["x"]], [2]],
    [0, [["x", "y"]], []],
  ] as const)("turns %i on the scale into tiers and strength", (choice, tiers, strengths) => {
    expect(toSaid({ ...EMPTY_DRAFT, choice }, pair)).toEqual({ tiers, verdict: "none", strengths });
  });

  it("puts both in one tier for a verdict on both", () => {
    expect(toSaid({ ...EMPTY_DRAFT, choice: "both_bad" }, pair)).toEqual({
      tiers: [["x", "y"]],
      verdict: "both_bad",
      strengths: [],
    });
  });

  it("sends no strength where the protocol does not ask for it", () => {
    const plain = assignment(["x", "y"], { strength: false });
    expect(toSaid({ ...EMPTY_DRAFT, choice: -1 }, plain)?.strengths).toEqual([]);
  });

  it("offers seven choices with strength, three without, and no tie where ties are off", () => {
    expect(scaleOf(PROTOCOL).map(({ digit }) => digit).join("")).toBe("1234567");
    expect(scaleOf({ ...PROTOCOL, strength: false }).map(({ value }) => value)).toEqual([-1, 0, 1]);
    expect(scaleOf({ ...PROTOCOL, ties: false }).map(({ value, digit }) => [value, digit])).toEqual([
      [-3, "1"],
      [-2, "2"],
      [-1, "3"],
      [1, "5"],
      [2, "6"],
      [3, "7"],
    ]);
  });

  it("steps along the scale, from nowhere to the mildest side, and stops at the ends", () => {
    expect(step(null, -1, PROTOCOL)).toBe(-1);
    expect(step("both_good", 1, PROTOCOL)).toBe(1);
    expect(step(-1, 1, PROTOCOL)).toBe(0);
    expect(step(3, 1, PROTOCOL)).toBe(3);
    expect(step(-1, 1, { ...PROTOCOL, ties: false })).toBe(1);
  });

  it.each([-3, -1, 0, 2, "both_bad", "both_good"] as const)("opens a stored %s as it was said", (choice) => {
    const said = toSaid({ ...EMPTY_DRAFT, choice }, pair);
    expect(said && fromSaid(said, pair).choice).toBe(choice);
  });

  it("is said in words", () => {
    expect(inWords(-3, true)).toBe("A is much better");
    expect(inWords(1, false)).toBe("B is better");
    expect(inWords(0, true)).toBe("Tie");
  });
});

describe("three and more", () => {
  it("waits until every response has a place", () => {
    expect(toSaid(placed({ w: 1, x: 2, y: 3 }), four)).toBeNull();
  });

  it("reads equal places as a tie and skips empty ones", () => {
    const said = toSaid(placed({ w: 4, x: 1, y: 1, z: 3 }), four);
    expect(said?.tiers).toEqual([["x", "y"], ["z"], ["w"]]);
    expect(said?.strengths).toEqual([2, 2]);
  });

  it("takes the strength of a boundary from the place above it", () => {
    const said = toSaid(placed({ w: 4, x: 1, y: 1, z: 3 }, { strengths: { 1: 3, 3: 1 } }), four);
    expect(said?.strengths).toEqual([3, 1]);
  });

  it("refuses ties where the protocol has none", () => {
    expect(toSaid(placed({ w: 1, x: 1, y: 2, z: 3 }), assignment(["w", "x", "y", "z"], { ties: false }))).toBeNull();
  });

  it("places one response, moves it, and takes it out again", () => {
    const once = place(EMPTY_DRAFT, "x", 2);
    expect(place(once, "x", 1).places).toEqual({ x: 1 });
    expect(place(once, "x", null).places).toEqual({});
  });

  it("drops a verdict on all when something is placed after it", () => {
    expect(place({ ...EMPTY_DRAFT, verdict: "both_bad" }, "x", 1).verdict).toBe("none");
  });

  it("moves the focus to the next response without a place, around the end", () => {
    const keys = ["w", "x", "y", "z"];
    expect(nextUnplaced(placed({ y: 1 }), keys, 2)).toBe(3);
    expect(nextUnplaced(placed({ y: 1, z: 2 }), keys, 3)).toBe(0);
    expect(nextUnplaced(placed({ w: 1, x: 1, y: 1, z: 1 }), keys, 2)).toBe(2);
  });

  it("notices a ranking that repeats the order on the page", () => {
    const same = toSaid(placed({ w: 1, x: 2, y: 3, z: 4 }), four);
    const other = toSaid(placed({ w: 2, x: 1, y: 3, z: 4 }), four);
    expect(same && repeatsShownOrder(same, four)).toBe(true);
    expect(other && repeatsShownOrder(other, four)).toBe(false);
  });

  it("opens a stored ranking with its strengths", () => {
    const said = toSaid(placed({ w: 3, x: 1, y: 1, z: 2 }, { strengths: { 1: 3, 2: 1 } }), four);
    const again = said && fromSaid(said, four);
    expect(again?.places).toEqual({ x: 1, y: 1, z: 2, w: 3 });
    expect(again && toSaid(again, four)).toEqual(said);
  });
});
