import { describe, expect, it } from "vitest";

import { changed, check, defaultsOf, fieldsOf } from "./jsonSchema";

const SCHEMA = {
  $defs: {
    Lora: { type: "object", description: "Adapters.", properties: { r: { type: "integer", default: 16, minimum: 1 } } },
  },
  type: "object",
  required: ["model", "snapshot"],
  properties: {
    kind: { const: "dpo", default: "dpo" },
    model: { type: "string" },
    snapshot: { type: "integer", minimum: 1 },
    learning_rate: { type: "number", default: 1e-6, exclusiveMinimum: 0 },
    loss_type: { type: "string", enum: ["sigmoid", "ipo"], default: "sigmoid" },
    splits: { type: "array", items: { type: "string", enum: ["train", "test"] }, default: ["train"] },
    lora: { anyOf: [{ $ref: "#/$defs/Lora" }, { type: "null" }], default: null },
    center: { anyOf: [{ type: "number" }, { type: "null" }], default: null },
  },
};
const fields = fieldsOf(SCHEMA);
const named = (name: string) => fields.find((field) => field.name === name);

describe("a form from a JSON Schema", () => {
  it("reads types, choices, references and what may be left empty", () => {
    expect(fields.map((field) => field.name)).not.toContain("kind");
    expect(named("snapshot")).toMatchObject({ type: "number", integer: true, min: 1, required: true });
    expect(named("loss_type")).toMatchObject({ type: "choice", options: ["sigmoid", "ipo"] });
    expect(named("splits")).toMatchObject({ type: "choices", options: ["train", "test"] });
    expect(named("lora")).toMatchObject({ type: "group", optional: true, description: "Adapters." });
    expect(named("center")).toMatchObject({ type: "number", nullable: true });
  });

  it("sends only what differs from the defaults", () => {
    const values = { ...defaultsOf(fields), model: "base@1", snapshot: 3, learning_rate: 2e-6 };
    expect(changed(fields, values)).toEqual({ model: "base@1", snapshot: 3, learning_rate: 2e-6 });
    expect(changed(fields, { ...values, lora: { r: 16 } })).toMatchObject({ lora: {} });
  });

  it("complains in words, by path", () => {
    const values = { ...defaultsOf(fields), learning_rate: 0, lora: { r: 0 } };
    expect(check(fields, values)).toEqual({
      model: "This is needed.",
      snapshot: "This is needed.",
      learning_rate: "More than 0.",
      "lora.r": "At least 1.",
    });
    expect(check(fields, { ...values, model: "m", snapshot: 1.5, learning_rate: "fast", lora: null })).toEqual({
      snapshot: "A whole number is needed.",
      learning_rate: "A number is needed.",
    });
  });
});
