import { describe, expect, it } from "vitest";

import type { Protocol } from "@/api/types";

import { assignmentOf, PROTOCOL } from "./fixtures";
import {
  EMPTY_DRAFT,
  fromSaid,
  inWords,
  nextUnplaced,
  openingDraft,
  owed,
  place,
  repeatsShownOrder,
  scaleOf,
  score,
  step,
  toBody,
  toggleReason,
  toSaid,
  type Draft,
} from "./judgment";

const assignment = (keys: string[], protocol: Partial<Protocol> = {}) => assignmentOf(keys, { protocol });

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

describe("what the protocol asks beside the ranking", () => {
  const chosen: Draft = { ...EMPTY_DRAFT, choice: -2 };
  const choice = (key: string) => ({ key, label: key, description: "" });
  const helpful = { ...choice("helpful"), low: 1, high: 5, labels: {}, required: true };

  it("is nothing by default, and nothing of it is sent", () => {
    expect(owed(chosen, pair)).toBeNull();
    expect(toBody(chosen, pair)).toEqual({ tiers: [["x"], ["y"]], verdict: "none", strengths: [2] });
  });

  it("waits for as many reasons as it wants, and takes one back on a second press", () => {
    const asks = assignment(["x", "y"], {
      reasons: { choices: ["tone", "facts", "length"].map(choice), required: true, min: 2, max: 2 },
    });
    expect(owed(chosen, asks)).toMatchObject({ where: "reasons" });
    const two = toggleReason(toggleReason(chosen, "facts"), "tone");
    expect(owed(two, asks)).toBeNull();
    expect(toBody(two, asks)?.reasons).toEqual(["tone", "facts"]);
    expect(owed(toggleReason(two, "length"), asks)).toMatchObject({ where: "reasons" });
    expect(toggleReason(two, "tone").reasons).toEqual(["facts"]);
  });

  it("asks for a comment of its length, and sends none where it wants none", () => {
    const asks = assignment(["x", "y"], { comment: { ask: "required", min_length: 10 } });
    expect(owed(chosen, asks)).toMatchObject({ where: "reasons" });
    expect(owed({ ...chosen, comment: "B is rude to them" }, asks)).toBeNull();
    const off = assignment(["x", "y"], { comment: { ask: "off", min_length: 0 } });
    expect(toBody({ ...chosen, comment: "left over" }, off)).not.toHaveProperty("comment");
  });

  it("wants each response scored by each required criterion, 0 included", () => {
    const asks = assignment(["x", "y"], { criteria: [{ ...helpful, low: 0 }] });
    const one = score(chosen, "x", "helpful", 0);
    expect(owed(one, asks)?.what).toBe("Still to score: helpful of B");
    const both = score(one, "y", "helpful", 3);
    expect(owed(both, asks)).toBeNull();
    expect(toBody(both, asks)?.criteria).toEqual({ x: { helpful: 0 }, y: { helpful: 3 } });
    expect(owed(score(both, "y", "helpful", null), asks)).not.toBeNull();
  });

  it("takes an edit of the winner only, and only a change", () => {
    const asks = assignment(["x", "y"], { edit: "required" });
    expect(owed(chosen, asks)).toMatchObject({ where: "edit" });
    expect(owed({ ...chosen, edit: { key: "x", text: "x" } }, asks)).toMatchObject({ where: "edit" });
    expect(owed({ ...chosen, edit: { key: "y", text: "better" } }, asks)).toMatchObject({ where: "edit" });
    const edited: Draft = { ...chosen, edit: { key: "x", text: "better" } };
    expect(owed(edited, asks)).toBeNull();
    expect(toBody(edited, asks)?.edit).toEqual({ text: "better", response: "x" });
  });

  it("asks nothing more of whoever cannot judge", () => {
    const asks = assignment(["x", "y"], {
      criteria: [helpful],
      edit: "required",
      comment: { ask: "required", min_length: 20 },
      reasons: { choices: [choice("tone")], required: true, min: 1, max: 1 },
    });
    const cannot: Draft = { ...EMPTY_DRAFT, choice: "cannot_judge" };
    expect(owed(cannot, asks)).toBeNull();
    expect(toBody(cannot, asks)).toEqual({ tiers: [], verdict: "cannot_judge", strengths: [] });
  });

  it("sends what was written where the task asks for a response of one's own", () => {
    const writing = assignmentOf([], { kind: "demonstrate", protocol: { demonstrations: { on: true, min_length: 5 } } });
    expect(toBody({ ...EMPTY_DRAFT, written: "Hi" }, writing)).toBeNull();
    expect(toBody({ ...EMPTY_DRAFT, written: "Gladly: at nine. " }, writing)).toEqual({
      tiers: [],
      verdict: "none",
      strengths: [],
      demonstration: { text: "Gladly: at nine." },
    });
  });
});

describe("a task that was judged before", () => {
  const judgment = {
    id: 7,
    tiers: [["y"], ["x"]],
    verdict: "none" as const,
    strengths: [3],
    comment: "A invents a rule.",
    reasons: ["facts"],
    criteria: { x: { helpful: 2 }, y: { helpful: 4 } },
    spans: [],
    edit: { response: "y", text: "y, but kinder", messages: null },
    demonstration: null,
    active_seconds: 12,
  };

  it("opens with all that was said when a reviewer returned it", () => {
    const returned = assignmentOf(["x", "y"], { returned: { comment: "Look at A again.", judgment } });
    expect(openingDraft(returned)).toMatchObject({
      choice: 3,
      comment: "A invents a rule.",
      reasons: ["facts"],
      scores: judgment.criteria,
      edit: { key: "y", text: "y, but kinder" },
    });
  });

  it("opens with what was taken back, and with nothing for a draft of another form", () => {
    const taken = (body: unknown) => assignmentOf(["x", "y"], { draft: { revision: 2, body, saved_at: null } });
    expect(openingDraft(taken(judgment)).choice).toBe(3);
    expect(openingDraft(taken({ text: "of another client" }))).toEqual(EMPTY_DRAFT);
    expect(openingDraft(taken({ ...judgment, tiers: [["other"], ["x"]] }))).toEqual(EMPTY_DRAFT);
  });
});
