import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/api/client";
import type { JudgmentReceipt } from "@/api/types";

import { NOBODY, Outbox, type Entry, type Neighbours, type News, type Send, type Shelf } from "./outbox";
import { memoryShelf } from "./shelf";

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

let shelf: Shelf = memoryShelf();
function box(send: Send, neighbours: Neighbours = NOBODY): Outbox {
  return new Outbox({ shelf, send, neighbours, retryMs: 100, maxRetryMs: 400 });
}

/** Pages in one browser: one lock, and each hears the others. */
function street(): () => Neighbours {
  const ears = new Set<(news: News) => void>();
  let last = Promise.resolve();
  return () => {
    let own: ((news: News) => void) | null = null;
    return {
      alone: (work) => (last = last.then(work)),
      tell: (news) => ears.forEach((ear) => ear !== own && ear(news)),
      listen: (hear) => {
        own = hear;
        ears.add(hear);
        return () => ears.delete(hear);
      },
    };
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  shelf = memoryShelf();
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
    expect(await shelf.all()).toEqual([]);
  });

  it("retries with the same key until the server answers", async () => {
    const send = vi.fn<Send>().mockRejectedValueOnce(offline).mockRejectedValueOnce(offline).mockResolvedValue(RECEIPT);
    const outbox = box(send);
    outbox.add(entry("k1"));
    await settle();
    expect(outbox.state()).toMatchObject({ held: "offline", waiting: [{ clientKey: "k1" }] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(send.mock.calls.map(([sent]) => sent.clientKey)).toEqual(["k1", "k1", "k1"]);
    expect(outbox.state()).toEqual({ waiting: [], refused: [], held: null, unkept: 0 });
  });

  it("survives a reload: a new page sends what the old one kept, with its key", async () => {
    const first = box(vi.fn<Send>().mockRejectedValue(offline));
    first.add(entry("k1"));
    first.add(entry("k2"));
    await settle();
    first.stop();

    const send = vi.fn<Send>().mockResolvedValue(RECEIPT);
    const second = box(send);
    await second.ready;
    expect(second.state().waiting).toHaveLength(2);
    await second.flush();
    expect(send.mock.calls.map(([sent]) => sent.body)).toMatchObject([{ client_key: "k1" }, { client_key: "k2" }]);
  });

  it("sends each entry from one page only, and tells the page that made it", async () => {
    const open = street();
    let letGo: (() => void) | undefined;
    const slow = new Promise<void>((resolve) => (letGo = resolve));
    const send = vi.fn<Send>(async () => {
      await slow;
      return RECEIPT;
    });
    const [first, second] = [box(send, open()), box(send, open())];
    for (const page of [first, second]) page.start();
    const heard = vi.fn();
    second.onReceipt(heard);
    await settle();
    first.add(entry("k1"));
    await settle();
    second.add(entry("k2"));
    await settle();
    expect(send).toHaveBeenCalledTimes(1);
    letGo?.();
    await settle();
    expect(send.mock.calls.map(([sent]) => sent.clientKey)).toEqual(["k1", "k2"]);
    expect(heard.mock.calls.map(([sent]) => (sent as Entry).clientKey)).toEqual(["k2"]);
    expect([first.state().waiting, second.state().waiting]).toEqual([[], []]);
  });

  it("sends only what would survive the page, and says what would not", async () => {
    const full: Shelf = { ...memoryShelf(), put: () => Promise.reject(new Error("full")) };
    const send = vi.fn<Send>().mockRejectedValueOnce(offline).mockResolvedValue(RECEIPT);
    const outbox = new Outbox({ shelf: full, send, retryMs: 100 });
    outbox.add(entry("k1"));
    await settle();
    expect(outbox.state()).toMatchObject({ unkept: 1, waiting: [{ clientKey: "k1" }] });
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state()).toMatchObject({ unkept: 0, waiting: [] });
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
    expect(await shelf.all()).toEqual([]);
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

    shelf = memoryShelf();
    const lost = box(vi.fn<Send>().mockRejectedValue(new ApiError(409, "lease_lost", "No longer yours.")));
    lost.add({
      kind: "skip",
      clientKey: "s1",
      slug: "support-tone",
      assignmentId: "a",
      madeAt: 1,
      body: { lease_token: 1, reason: "x" },
    });
    await settle();
    expect(lost.state()).toEqual({ waiting: [], refused: [], held: null, unkept: 0 });
  });

  it("tells receivers what the server said", async () => {
    const outbox = box(vi.fn<Send>().mockResolvedValue({ ...RECEIPT, state: "surplus" }));
    const heard = vi.fn();
    outbox.onReceipt(heard);
    outbox.add(entry("k1"));
    await settle();
    expect(heard).toHaveBeenCalledWith(expect.objectContaining({ clientKey: "k1" }), expect.objectContaining({ state: "surplus" }));
  });
});
