import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/api/client";
import type { JudgmentReceipt } from "@/api/types";

import { Outbox, type Entry, type Send } from "./outbox";

const RECEIPT: JudgmentReceipt = { judgment: 1, state: "accepted", replayed: false, feedback: null };
const offline = new ApiError(0, "unreachable", "The server cannot be reached.");

let made = 0;
function entry(key: string, assignmentId = key): Entry {
  made += 1;
  return {
    kind: "judgment",
    clientKey: key,
    slug: "support-tone",
    assignmentId,
    madeAt: made,
    body: { lease_token: 1, client_key: key, tiers: [["a"], ["b"]], verdict: "none", strengths: [2] },
  };
}

function box(send: Send, owner = 1): Outbox {
  return new Outbox({ storage: localStorage, owner, send, retryMs: 100, maxRetryMs: 400 });
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => void vi.useRealTimers());

describe("the outbox", () => {
  it("sends at once and forgets what was acknowledged", async () => {
    const send = vi.fn<Send>().mockResolvedValue(RECEIPT);
    const outbox = box(send);
    outbox.add(entry("k1"));
    expect(outbox.state().waiting).toHaveLength(1);
    await settle();
    expect(outbox.state().waiting).toHaveLength(0);
    expect(localStorage.length).toBe(0);
  });

  it("retries with the same key until the server answers", async () => {
    const send = vi.fn<Send>().mockRejectedValueOnce(offline).mockRejectedValueOnce(offline).mockResolvedValue(RECEIPT);
    const outbox = box(send);
    outbox.add(entry("k1"));
    await settle();
    expect(outbox.state()).toMatchObject({ held: "offline", waiting: [{ clientKey: "k1" }] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(send.mock.calls.map(([sent]) => sent.clientKey)).toEqual(["k1", "k1", "k1"]);
    expect(outbox.state()).toEqual({ waiting: [], refused: [], held: null });
  });

  it("survives a reload: a new page sends what the old one kept, with its key", async () => {
    const first = box(vi.fn<Send>().mockRejectedValue(offline));
    first.add(entry("k1"));
    first.add(entry("k2"));
    await settle();
    first.stop();

    const send = vi.fn<Send>().mockResolvedValue(RECEIPT);
    const second = box(send);
    expect(second.state().waiting).toHaveLength(2);
    await second.flush();
    expect(send.mock.calls.map(([sent]) => sent.body)).toMatchObject([{ client_key: "k1" }, { client_key: "k2" }]);
  });

  it("keeps one person's judgments from another who signs in here", () => {
    box(vi.fn<Send>().mockRejectedValue(offline), 1).add(entry("k1"));
    expect(box(vi.fn<Send>(), 2).state().waiting).toHaveLength(0);
  });

  it("keeps what the server refuses, with the reason, and goes on with the rest", async () => {
    const send = vi.fn<Send>((sent) =>
      sent.clientKey === "bad" ? Promise.reject(new ApiError(400, "invalid", "Not ranked: b.")) : Promise.resolve(RECEIPT),
    );
    const outbox = box(send);
    outbox.add(entry("bad"));
    outbox.add(entry("good"));
    await settle();
    expect(outbox.state().waiting).toHaveLength(0);
    expect(outbox.state().refused).toMatchObject([{ clientKey: "bad", refused: "Not ranked: b." }]);
    outbox.dismiss("bad");
    expect(localStorage.length).toBe(0);
  });

  it("lets a correction wait for what it corrects, and others pass", async () => {
    const order: string[] = [];
    let broken = true;
    const send = vi.fn<Send>((sent) => {
      if (sent.clientKey === "first" && broken) return Promise.reject(new ApiError(500, "server_error", "Broken."));
      order.push(sent.clientKey);
      return Promise.resolve(RECEIPT);
    });
    const outbox = box(send);
    outbox.add(entry("first", "task-1"));
    outbox.add(entry("correction", "task-1"));
    outbox.add(entry("other", "task-2"));
    await settle();
    expect(order).toEqual(["other"]);
    broken = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order).toEqual(["other", "first", "correction"]);
  });

  it("waits while signed out, and a skip of a lost lease is simply dropped", async () => {
    const send = vi.fn<Send>().mockRejectedValueOnce(new ApiError(401, "signed_out", "Sign in."));
    const outbox = box(send);
    outbox.add(entry("k1"));
    await settle();
    expect(outbox.state().held).toBe("signed_out");

    const lost = box(vi.fn<Send>().mockRejectedValue(new ApiError(409, "lease_lost", "No longer yours.")), 2);
    lost.add({
      kind: "skip",
      clientKey: "s1",
      slug: "support-tone",
      assignmentId: "a",
      madeAt: 1,
      body: { lease_token: 1, reason: "x" },
    });
    await settle();
    expect(lost.state()).toEqual({ waiting: [], refused: [], held: null });
  });

  it("tells receivers what the server said", async () => {
    const outbox = box(vi.fn<Send>().mockResolvedValue({ ...RECEIPT, state: "surplus" }));
    const heard = vi.fn();
    outbox.onReceipt(heard);
    outbox.add(entry("k1"));
    await settle();
    expect(heard).toHaveBeenCalledWith(expect.objectContaining({ clientKey: "k1" }), expect.objectContaining({ state: "surplus" }));
  });

  it("works without storage", async () => {
    const outbox = new Outbox({ storage: null, owner: 1, send: vi.fn<Send>().mockResolvedValue(RECEIPT) });
    outbox.add(entry("k1"));
    await settle();
    expect(outbox.state().waiting).toHaveLength(0);
  });
});
