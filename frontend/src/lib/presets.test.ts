import { expect, it } from "vitest";

import { fieldsOf } from "./jsonSchema";
import { startFrom } from "./presets";

const FIELDS = fieldsOf({
  properties: {
    model: { type: "string" },
    learning_rate: { type: "number", default: 1e-5 },
    packing: { type: "boolean", default: false },
    lora: {
      anyOf: [{ type: "object", properties: { r: { type: "integer", default: 16 }, alpha: { type: "integer", default: 32 } } }, { type: "null" }],
      default: null,
    },
  },
  required: ["model"],
});
const HAD = { model: "base@1", learning_rate: 0.1, packing: true, lora: null };

it("sets what the preset says and leaves what the run is about", () => {
  const values = startFrom(FIELDS, HAD, { learning_rate: 2e-5, lora: { r: 256 } });
  expect(values).toEqual({ model: "base@1", learning_rate: 2e-5, packing: false, lora: { r: 256, alpha: 32 } });
});

it("forgets an earlier preset", () => {
  const large = startFrom(FIELDS, HAD, { packing: true, lora: { r: 256 } });
  expect(startFrom(FIELDS, large, { learning_rate: 3e-6 })).toEqual({ ...HAD, learning_rate: 3e-6, packing: false });
});
