import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { ApiError } from "@/api/client";

import { DraftSync, type SaveDraft } from "./draftSync";
import { assignmentOf } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const onSaved = vi.fn();
const onConflict = vi.fn();
const sync = (save: SaveDraft) => new DraftSync({ save, onSaved, onConflict, waitMs: 100, retryMs: 500 });
const accepting = () => vi.fn<SaveDraft>((_id, revision) => Promise.resolve({ revision: revision + 1 }));

it("sends the last word once typing rests, and the next one on top of it", async () => {
  const save = accepting();
  const drafts = sync(save);
  drafts.know(assignmentOf(["a", "b"], { id: "one", draft: { revision: 4, body: null, saved_at: null } }));
  for (const body of ["g", "go", "good"]) drafts.save("one", body);
  await vi.advanceTimersByTimeAsync(100);
  drafts.save("one", "good.");
  await vi.advanceTimersByTimeAsync(100);
  expect(save.mock.calls).toEqual([
    ["one", 4, "good", false],
    ["one", 5, "good.", false],
  ]);
  expect(onSaved).toHaveBeenLastCalledWith("one", 6);
});

it("tries again while the server is away", async () => {
  const save = accepting().mockRejectedValueOnce(new ApiError(0, "unreachable", "Away."));
  const drafts = sync(save);
  drafts.save("one", "x");
  await vi.advanceTimersByTimeAsync(100);
  expect(save).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(save).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(save).toHaveBeenCalledTimes(2);
});

it("overwrites nothing that another window saved, and goes on from it when told to", async () => {
  const stored = { revision: 9, body: { draft: "theirs" }, saved_at: null };
  const save = accepting().mockRejectedValueOnce(new ApiError(409, "draft_conflict", "Newer.", { stored }));
  const drafts = sync(save);
  drafts.save("one", "mine");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(save).toHaveBeenCalledTimes(1);
  expect(onConflict).toHaveBeenCalledWith("one", { draft: "theirs" });
  drafts.save("one", "mine, after all");
  await vi.advanceTimersByTimeAsync(100);
  expect(save).toHaveBeenLastCalledWith("one", 9, "mine, after all", false);
});

it("sends nothing for what was submitted meanwhile", async () => {
  const save = accepting();
  const drafts = sync(save);
  drafts.save("one", "x");
  drafts.drop("one");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(save).not.toHaveBeenCalled();
});
