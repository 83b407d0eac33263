import { describe, expect, it } from "vitest";

import { MONEY, prepareDollars } from "./dollars";
import { align, piecesOf, toCodePoints, toUnits } from "./passages";
import { isTooHeavy, parts, seen } from "./weight";

describe("passages", () => {
  it("know where shown words lie, past what Markdown leaves out", () => {
    expect(align("a bold", "a **bold**")).toEqual([0, 1, 4, 5, 6, 7]);
    expect(align("x*y", "x\\*y")).toEqual([0, 2, 3]);
  });

  it("are cut where marks begin and end", () => {
    const marks = [{ start: 12, end: 15, label: 0, title: "Wrong" }];
    expect(piecesOf("one two", "one two", 8, marks).map(({ text, from, to, marks: on }) => [text, from, to, on.length])).toEqual([
      ["one ", 8, 12, 0],
      ["two", 12, 15, 1],
    ]);
  });

  it("are counted in code points", () => {
    const text = "👩‍🚀 said 🙂 yes";
    for (let points = 0; points <= Array.from(text).length; points += 1) {
      expect(toCodePoints(text, toUnits(text, points))).toBe(points);
    }
    expect(toCodePoints(text, text.indexOf("yes"))).toBe(Array.from(text).length - 3);
  });
});

describe("dollars", () => {
  it("are money where they look like it, and formulas where they do not", () => {
    expect(prepareDollars("It costs $5 and $6.")).toBe(`It costs ${MONEY}5 and ${MONEY}6.`);
    expect(prepareDollars("so $x+1$ it is")).toBe("so $x+1$ it is");
    expect(prepareDollars("\\(x\\) and \\[y\\]")).toBe("$$x$$ and $$y$$");
  });

  it("keep every other sign in its place", () => {
    for (const text of ["a \\(b\\) $c$ $5", "$$\nx\n$$ \\[ y", "\\$ $ $x $"]) {
      expect(prepareDollars(text)).toHaveLength(text.length);
    }
  });
});

describe("weight", () => {
  it("lets ordinary texts through", () => {
    const story = "Once upon a time there was *a* `kettle` [that](https://example.com) broke. ".repeat(8) + "\n\n";
    expect(isTooHeavy(story.repeat(40))).toBe(false);
    expect(isTooHeavy("- a\n  - b\n    - c\n      - d\n> > quoted")).toBe(false);
    expect(isTooHeavy("| a | b | c |\n|---|---|---|\n".repeat(60))).toBe(false);
  });

  it("stops what would freeze the page", () => {
    expect(isTooHeavy("x".repeat(200_000))).toBe(true);
    expect(isTooHeavy(">".repeat(10_000))).toBe(true);
    expect(isTooHeavy("- ".repeat(10_000))).toBe(true);
    expect(isTooHeavy(Array.from({ length: 300 }, (_, n) => `${" ".repeat(2 * n)}- deep`).join("\n"))).toBe(true);
    expect(isTooHeavy("[".repeat(5_000))).toBe(true);
  });

  it("cuts long texts without losing a sign or halving one", () => {
    const text = "🙂".repeat(60_000);
    const cut = parts(text);
    expect(cut.map((part) => part.text).join("")).toBe(text);
    expect(cut.every(({ text: part }) => !/^[\uDC00-\uDFFF]/.test(part))).toBe(true);
  });

  it("shows what is not seen, at the same length", () => {
    expect(seen("\u001b[31mred\u202Egnp.exe")).toBe("␛[31mred\uFFFDgnp.exe");
    expect(seen("tab\tand\nline")).toBe("tab\tand\nline");
  });
});
