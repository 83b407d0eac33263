import { expect, it } from "vitest";

import { diff, wordsOf } from "./diff";

const own = (a: string, b: string) => diff(a, b).map((parts) => parts.filter((part) => part.own).map((part) => part.text.trim()));

it("marks the words that only one of the two has", () => {
  expect(own("I am sorry to hear that.", "I am glad to hear this.")).toEqual([
    ["sorry", "that"],
    ["glad", "this"],
  ]);
});

it("finds what was put in, and nothing else", () => {
  expect(own("one two three", "one two and a half three")).toEqual([[], ["and a half"]]);
});

it("loses no letter of either text", () => {
  const pairs = [
    ["", "something"],
    ["a b  c\n\nd", "d c b a"],
    ["مرحبا بالعالم", "مرحبا يا عالم"],
    ["x ".repeat(500), "y ".repeat(700)],
  ] as const;
  for (const [a, b] of pairs) {
    const [left, right] = diff(a, b);
    expect(left.map((part) => part.text).join("")).toBe(a);
    expect(right.map((part) => part.text).join("")).toBe(b);
  }
});

it("takes words apart in any script, with the space after them", () => {
  expect(wordsOf("naïve, don’t\n再见")).toEqual(["naïve", ", ", "don’t\n", "再见"]);
});

it("gives up on long texts that share nothing, rather than keep anybody waiting", () => {
  const [a, b] = ["a", "b"].map((letter) => Array.from({ length: 20_000 }, (_, n) => `${letter}${n}`).join(" ")) as [string, string];
  const begun = performance.now();
  expect(diff(a, b)[0]).toEqual([{ text: a, own: true }]);
  expect(performance.now() - begun).toBeLessThan(2_000);
});
