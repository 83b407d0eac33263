import { expect, test } from "vitest";

import { accepted, atOnce, progressOf } from "./kinds";

test("only small files of JSON Lines are imported at once", () => {
  expect(atOnce({ name: "rows.JSONL", size: 1000 })).toBe(true);
  expect(atOnce({ name: "rows.jsonl", size: 33 * 1024 * 1024 })).toBe(false);
  expect(atOnce({ name: "rows.jsonl.gz", size: 10 })).toBe(false);
  expect(atOnce({ name: "votes.parquet", size: 10 })).toBe(false);
});

test("the chooser takes every ending, packed or not", () => {
  expect(accepted([".csv", "parquet"]).split(",")).toEqual([".csv", ".parquet", ".jsonl", ".txt", ".gz"]);
});

test("progress is unknown until the rows are counted, and never more than all", () => {
  expect(progressOf({ state: "queued", num_rows: null })).toBeNull();
  expect(progressOf({ state: "running", num_rows: 200, rows_done: 50 })).toBe(0.25);
  expect(progressOf({ state: "running", num_rows: 0, rows_done: 0 })).toBe(1);
  expect(progressOf({ state: "succeeded", num_rows: 10, rows_done: 9 })).toBe(1);
});
