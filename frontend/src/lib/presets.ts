import { t } from "@lingui/core/macro";

import type { Preset } from "@/api/types";

import { defaultsOf, type Field, type Values } from "./jsonSchema";
import { isRecord } from "./shapes";

export type Size = Preset["size"];

export const SIZES: readonly { value: Size; label: string }[] = [
  { value: "small", get label() { return t`small`; } },
  { value: "1b", label: "1B" },
  { value: "8b", label: "8B" },
  { value: "70b-lora", label: "70B-LoRA" },
];

/** What a run is about, which no preset decides. */
const KEPT = new Set(["model", "reward_model", "critic_from", "snapshot", "name", "rewards", "seed", "num_processes"]);

/** The values with everything that a preset may decide put back to its default, then set as it says. */
export function startFrom(fields: readonly Field[], values: Values, settings: Values): Values {
  const next = { ...values };
  const defaults = defaultsOf(fields);
  for (const field of fields) {
    if (KEPT.has(field.name)) continue;
    const wanted = settings[field.name];
    const whole = field.type === "group" && isRecord(wanted) ? { ...defaultsOf(field.fields), ...wanted } : wanted;
    next[field.name] = field.name in settings ? whole : defaults[field.name];
  }
  return next;
}
