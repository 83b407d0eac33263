import { expect, it } from "vitest";

import { asYaml } from "./yaml";

it("writes a spec as people read it", () => {
  const spec = { kind: "dpo", model: "base@1", learning_rate: 0.000001, lora: null, splits: ["train"], nested: { a: true, b: {} } };
  expect(asYaml(spec)).toBe(
    ["kind: dpo", "model: base@1", "learning_rate: 0.000001", "lora: null", "splits: [train]", "nested:", "  a: true", "  b: {}"].join(
      "\n",
    ),
  );
});

it("quotes what would be read as something else", () => {
  expect(asYaml({ a: "true", b: "1e5", c: "two: words", d: "" })).toBe('a: "true"\nb: "1e5"\nc: "two: words"\nd: ""');
});
