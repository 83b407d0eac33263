import type { Hold, HoldRule } from "@/api/types";

export const RULE_WORDS: Record<HoldRule, string> = {
  names_model: "Names its model:",
  error_text: "Carries an error:",
  cut_off: "Was cut off:",
  phrase: "Has a listed phrase:",
};

export const RULES: { value: HoldRule; label: string }[] = [
  { value: "names_model", label: "Names its model" },
  { value: "error_text", label: "Carries an error" },
  { value: "cut_off", label: "Was cut off" },
  { value: "phrase", label: "Has a listed phrase" },
];

/** Beside "held", which is what the list shows unasked. */
export const HOLD_STATES: { value: NonNullable<Hold["state"]>; label: string }[] = [
  { value: "released", label: "Released" },
  { value: "rejected", label: "Rejected" },
];
