import { expect, test } from "vitest";

import { asked, clip, ranking, rankingAloud } from "./words";

const name = (key: string) => ({ k1: "A", k2: "B", k3: "C" })[key] ?? "?";

test("the last thing asked is what the user said last, on one line", () => {
  const messages = [
    { role: "user" as const, content: "Hi" },
    { role: "assistant" as const, content: "Hello" },
    { role: "user" as const, content: "my kettle\n  broke" },
    { role: "assistant" as const, content: "prefix" },
  ];
  expect(asked(messages)).toBe("my kettle broke");
  expect(asked([])).toBe("");
});

test("a ranking shows its order, its strengths and its ties", () => {
  const said = { tiers: [["k2"], ["k3", "k1"]], verdict: "none" as const, strengths: [3] };
  expect(ranking(said, name)).toBe("B ⋙ A = C");
  expect(rankingAloud(said, name)).toBe("B much over A and C");
});

test("a verdict says more than the tie it is stored as", () => {
  const said = { tiers: [["k1", "k2"]], verdict: "both_bad" as const, strengths: [] };
  expect(ranking(said, name)).toBe("All bad");
  expect(rankingAloud({ ...said, verdict: "none" }, name)).toBe("Tie of A and B");
});

test("long text is clipped to its most", () => {
  expect(clip("word ".repeat(40), 12)).toBe("word word w…");
  expect(clip("short", 12)).toBe("short");
});
