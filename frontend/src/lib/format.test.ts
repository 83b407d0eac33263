import { describe, expect, it } from "vitest";

import { ago, bounds, bytes, count, duration, interval, label, metric, roughly } from "./format";

const sample = { value: 0.715, low: 0.6689, high: 0.7571, n: 400 };

describe("numbers", () => {
  it("shows a share with its interval and n", () => {
    expect(interval(sample)).toBe("71.5% (66.9–75.7, n = 400)");
    expect(bounds(sample)).toBe("66.9–75.7 · n = 400");
    expect(interval({ value: 1, low: 0.7225, high: 1, n: 10_000 })).toBe("100.0% (72.3–100.0, n = 10,000)");
  });

  it("shows metrics without the noise of a float", () => {
    expect(metric(0.30000000000000004)).toBe("0.3");
    expect(metric(0.000012)).toBe("1.20e-5");
    expect(metric(1234)).toBe("1,234");
    expect(metric(0)).toBe("0");
    expect(metric(Number.NaN)).toBe("–");
  });

  it("counts things", () => {
    expect(count(1)).toBe("1");
    expect(count(1234)).toBe("1,234");
  });

  it("shows durations and sizes", () => {
    expect(duration(8.4)).toBe("8 s");
    expect(duration(200)).toBe("3 min 20 s");
    expect(duration(7500)).toBe("2 h 05 min");
    expect(roughly(232)).toBe("4 min");
    expect(roughly(12)).toBe("under a minute");
    expect(bytes(900)).toBe("900 B");
    expect(bytes(5_242_880)).toBe("5.0 MB");
  });
});

describe("times", () => {
  const now = new Date(2026, 4, 10, 15, 0, 0);
  const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

  it("are relative while they are near", () => {
    expect(ago(at(2026, 4, 10, 14, 59), now)).toBe("1 min ago");
    expect(ago(at(2026, 4, 10, 12, 0), now)).toBe("3 h ago");
    expect(ago(at(2026, 4, 9, 23, 30), now)).toBe("yesterday 23:30");
    expect(ago(at(2026, 2, 12, 9, 5), now)).toBe("12 Mar 09:05");
  });
});

it("turns names of fields into labels", () => {
  expect(label("num_epochs")).toBe("Num epochs");
});
