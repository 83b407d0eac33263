/** Numbers as people read them here: a sample always carries its n and its interval. */

export interface IntervalLike {
  value: number;
  low: number;
  high: number;
  n: number;
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number): string {
  return whole.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function percent(value: number, digits = 1): string {
  return `${(value * 100).toFixed(digits)}%`;
}

/** "71.5% (66.9–75.7, n = 400)" */
export function interval(sample: IntervalLike): string {
  const bounds = `${(sample.low * 100).toFixed(1)}–${(sample.high * 100).toFixed(1)}`;
  return `${percent(sample.value)} (${bounds}, n = ${count(sample.n)})`;
}

/** The bounds alone, for a line under a large figure: "66.9–75.7 · n = 400". */
export function bounds(sample: IntervalLike): string {
  return `${(sample.low * 100).toFixed(1)}–${(sample.high * 100).toFixed(1)} · n = ${count(sample.n)}`;
}

/** Four significant figures, without the noise of a float. */
export function metric(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace("e-0", "e-").replace("e+", "e");
  if (Number.isInteger(value)) return whole.format(value);
  return Number(value.toPrecision(4)).toString();
}

/** "8 s", "3 min 20 s", "2 h 05 min" */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return total % 60 ? `${minutes} min ${total % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** For what is only guessed: "under a minute", "4 min", "2 h". */
export function roughly(seconds: number): string {
  if (seconds < 60) return "under a minute";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function secondsBetween(start: string, end: string | number | Date): number {
  return (new Date(end).getTime() - new Date(start).getTime()) / 1000;
}

/** "just now", "4 min ago", "yesterday 14:05", "12 Mar 14:05" */
export function ago(at: string, now: Date): string {
  const then = new Date(at);
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 12 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return moment(at, now);
}

export function moment(at: string, now: Date): string {
  const then = new Date(at);
  const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const days = Math.round((startOfDay(now) - startOfDay(then)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `yesterday ${time}`;
  const sameYear = then.getFullYear() === now.getFullYear();
  const date = then.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
  return `${date} ${time}`;
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  do {
    value /= 1024;
    unit += 1;
  } while (value >= 1024 && unit < units.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
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

/** "num_train_epochs" → "Num train epochs" */
export function label(key: string): string {
  const words = ABBREVIATIONS[key] ?? key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
