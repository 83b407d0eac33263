/** Numbers as people read them here: a sample always carries its n and its interval. */

import { plural, t } from "@lingui/core/macro";

import { inOrder, locale } from "./language";

export interface IntervalLike {
  value: number;
  low: number;
  high: number;
  n: number;
}

const wholes = new Map<string, Intl.NumberFormat>();

export function count(value: number): string {
  const named = locale();
  const whole = wholes.get(named) ?? new Intl.NumberFormat(named, { maximumFractionDigits: 0 });
  wholes.set(named, whole);
  return whole.format(value);
}

export function percent(value: number, digits = 1): string {
  return `${(value * 100).toFixed(digits)}%`;
}

/** "71.5% (66.9–75.7, n = 400)" */
export function interval(sample: IntervalLike): string {
  const within = `${(sample.low * 100).toFixed(1)}–${(sample.high * 100).toFixed(1)}`;
  return inOrder(`${percent(sample.value)} (${within}, n = ${count(sample.n)})`);
}

/** The bounds alone, for a line under a large figure: "66.9–75.7 · n = 400". */
export function bounds(sample: IntervalLike): string {
  return inOrder(`${(sample.low * 100).toFixed(1)}–${(sample.high * 100).toFixed(1)} · n = ${count(sample.n)}`);
}

/** Four significant figures, without the noise of a float. */
export function metric(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return inOrder(value.toExponential(2).replace("e-0", "e-").replace("e+", "e"));
  if (Number.isInteger(value)) return inOrder(count(value));
  return inOrder(Number(value.toPrecision(4)).toString());
}

/** "8 s", "3 min 20 s", "2 h 05 min" */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return t`${total} s`;
  const minutes = Math.floor(total / 60);
  const left = total % 60;
  if (minutes < 60) return left ? t`${minutes} min ${left} s` : t`${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = String(minutes % 60).padStart(2, "0");
  if (hours < 48) return t`${hours} h ${rest} min`;
  const days = Math.floor(hours / 24);
  return plural(days, { one: "# day", other: "# days" });
}

/** For what is only guessed: "under a minute", "4 min", "2 h". */
export function roughly(seconds: number): string {
  if (seconds < 60) return t`under a minute`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 5400) return t`${minutes} min`;
  const hours = Math.round(seconds / 3600);
  return t`${hours} h`;
}

export function secondsBetween(start: string, end: string | number | Date): number {
  return (new Date(end).getTime() - new Date(start).getTime()) / 1000;
}

/** "just now", "4 min ago", "yesterday 14:05", "12 Mar 14:05" */
export function ago(at: string, now: Date): string {
  const then = new Date(at);
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return t`just now`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (seconds < 3600) return t`${minutes} min ago`;
  const hours = Math.round(seconds / 3600);
  if (seconds < 12 * 3600) return t`${hours} h ago`;
  return moment(at, now);
}

export function moment(at: string, now: Date): string {
  const then = new Date(at);
  const time = clock(then);
  const days = Math.round((startOfDay(now) - startOfDay(then)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return t`yesterday ${time}`;
  const sameYear = then.getFullYear() === now.getFullYear();
  const date = then.toLocaleDateString(locale(), {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
  return `${date} ${time}`;
}

/** "14:05" */
export function clock(at: Date, options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" }): string {
  return at.toLocaleTimeString(locale(), { ...options, hour12: false });
}

/** Day and time in full, for a tooltip. */
export function fullTime(at: string): string {
  return new Date(at).toLocaleString(locale());
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function bytes(size: number): string {
  if (size < 1024) return t`${size} B`;
  let value = size;
  let unit = -1;
  do {
    value /= 1024;
    unit += 1;
  } while (value >= 1024 && unit < 3);
  const figure = value < 10 ? value.toFixed(1) : Math.round(value);
  return [t`${figure} KB`, t`${figure} MB`, t`${figure} GB`, t`${figure} TB`][unit] ?? "";
}

const ABBREVIATIONS: Record<string, string> = {
  lora: "LoRA",
  dpo: "DPO",
  kto: "KTO",
  ppo: "PPO",
  rloo: "RLOO",
  grpo: "GRPO",
  lr_scheduler: "LR scheduler",
};

/** "num_train_epochs" → "Num train epochs": names of a spec, which are the same in every language. */
export function label(key: string): string {
  const words = ABBREVIATIONS[key] ?? key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
