import { expect, it } from "vitest";

import { arrivalOf } from "./arrival";

it("keeps the person's name on a platform as it was written", () => {
  expect(arrivalOf("?PROLIFIC_PID=0123456789012345678901&STUDY_ID=5")).toEqual({
    platform: "PROLIFIC_PID",
    worker_id: "0123456789012345678901",
  });
});

it("says nothing of somebody who came by a plain link", () => {
  expect(arrivalOf("?utm=mail")).toEqual({ platform: "", worker_id: "" });
});
