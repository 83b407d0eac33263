import { t } from "@lingui/core/macro";

import type { Role } from "@/api/types";

export const ROLE_WORDS: Record<Role, string> = {
  get annotator() { return t`Annotator`; },
  get lead() { return t`Lead`; },
  get researcher() { return t`Researcher`; },
  get owner() { return t`Owner`; },
};

export const ROLES = (Object.keys(ROLE_WORDS) as Role[]).map((value) => ({ value, get label() { return ROLE_WORDS[value]; } }));

export const ROLE_OPTIONS: { value: Role; label: string }[] = [
  { value: "annotator", get label() { return t`Annotator: ranks responses`; } },
  { value: "lead", get label() { return t`Lead: guidelines, people, queue`; } },
  { value: "researcher", get label() { return t`Researcher: datasets, runs, rounds`; } },
  { value: "owner", get label() { return t`Owner: everything`; } },
];
