import { t } from "@lingui/core/macro";

import type { Hold, HoldRule } from "@/api/types";

export const RULE_WORDS: Record<HoldRule, string> = {
  get names_model() { return t`Names its model:`; },
  get error_text() { return t`Carries an error:`; },
  get cut_off() { return t`Was cut off:`; },
  get phrase() { return t`Has a listed phrase:`; },
};

export const RULES: { value: HoldRule; label: string }[] = [
  { value: "names_model", get label() { return t`Names its model`; } },
  { value: "error_text", get label() { return t`Carries an error`; } },
  { value: "cut_off", get label() { return t`Was cut off`; } },
  { value: "phrase", get label() { return t`Has a listed phrase`; } },
];

/** Beside "held", which is what the list shows unasked. */
export const HOLD_STATES: { value: NonNullable<Hold["state"]>; label: string }[] = [
  { value: "released", get label() { return t`Released`; } },
  { value: "rejected", get label() { return t`Rejected`; } },
];
