import { expect, test } from "vitest";

import { detailsOf, endOfDay, startOfDay } from "./auditWords";

test("details are one readable line", () => {
  expect(detailsOf({ overlap: 3, tasks: [1, 2], name: "x" })).toBe("overlap: 3, tasks: [1,2], name: x");
  expect(detailsOf(null)).toBe("");
});

test("a day reaches from its first moment to the first of the next", () => {
  const hours = (Date.parse(endOfDay("2026-06-15")) - Date.parse(startOfDay("2026-06-15"))) / 3_600_000;
  expect(hours).toBe(24);
});
