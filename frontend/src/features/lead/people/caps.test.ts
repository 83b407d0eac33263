import { expect, test } from "vitest";

import { ownCapsText } from "./caps";

test("somebody's own caps are told on one line, and none where all are the project's", () => {
  expect(ownCapsText(null)).toBeNull();
  expect(ownCapsText({})).toBeNull();
  expect(ownCapsText({ per_day: 100, in_total: null })).toBe("Judgments a day: 100; Judgments in all: no cap");
  expect(ownCapsText({ batch_percent: 25 })).toBe("Percent of one batch: 25%");
});
