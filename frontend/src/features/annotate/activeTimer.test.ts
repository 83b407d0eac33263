import { expect, it } from "vitest";

import { ActiveTimer } from "./activeTimer";

it("counts time with signs of life", () => {
  const timer = new ActiveTimer(30_000);
  timer.restart(0);
  timer.touch(10_000);
  expect(timer.seconds(15_000)).toBe(15);
});

it("does not count a pause beyond the idle limit", () => {
  const timer = new ActiveTimer(30_000);
  timer.restart(0);
  timer.touch(5_000);
  timer.touch(600_000);
  expect(timer.seconds(601_000)).toBe(36);
});

it("stands still while the page is hidden", () => {
  const timer = new ActiveTimer(30_000);
  timer.restart(0);
  timer.pause(4_000);
  expect(timer.seconds(20_000)).toBe(4);
  timer.touch(20_000);
  expect(timer.seconds(21_000)).toBe(5);
});

it("leaves a break out, whatever is pressed meanwhile", () => {
  const timer = new ActiveTimer(30_000);
  timer.restart(0);
  timer.hold(4_000);
  timer.touch(10_000);
  expect(timer.seconds(11_000)).toBe(4);
  timer.resume(60_000);
  expect(timer.seconds(62_000)).toBe(6);
});

it("knows whether anybody is there", () => {
  const timer = new ActiveTimer();
  timer.restart(0);
  expect(timer.aliveWithin(60_000, 59_000)).toBe(true);
  expect(timer.aliveWithin(60_000, 61_000)).toBe(false);
});
