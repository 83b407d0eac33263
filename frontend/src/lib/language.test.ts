import { afterEach, expect, it } from "vitest";

import { towardsStart } from "./commands";
import { count, duration, interval, moment } from "./format";
import { speak, wantedLanguage } from "./language";
import { setPreference } from "./preferences";

afterEach(async () => {
  setPreference("language", null);
  await speak("en");
});

it("turns the page around, and back", async () => {
  await speak("ar");
  expect([document.documentElement.dir, document.documentElement.lang, towardsStart()]).toEqual(["rtl", "ar", "ArrowRight"]);
  await speak("en");
  expect([document.documentElement.dir, document.documentElement.lang, towardsStart()]).toEqual(["ltr", "en", "ArrowLeft"]);
});

it("keeps figures in their order, and digits as the keyboard has them", async () => {
  await speak("ar");
  expect(count(12_345)).toBe("12,345");
  expect(interval({ value: 0.715, low: 0.6689, high: 0.7571, n: 400 })).toBe("\u206671.5% (66.9–75.7, n = 400)\u2069");
  expect(moment(new Date(2026, 2, 12, 9, 5).toISOString(), new Date(2026, 4, 10))).toBe("12 مارس 09:05");
});

it("follows the choice before the browser", () => {
  expect(wantedLanguage()).toBe("en");
  setPreference("language", "ar");
  expect(wantedLanguage()).toBe("ar");
  setPreference("language", "tlh");
  expect(wantedLanguage()).toBe("en");
});

it("counts as Arabic counts", async () => {
  await speak("ar");
  const days = (number: number) => duration(number * 86_400);
  expect([2, 3, 11, 100].map(days)).toEqual(["يومان", "3 أيام", "11 يومًا", "100 يوم"]);
});
