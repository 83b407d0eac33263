import { t } from "@lingui/core/macro";

import type { Message, Model, Role, Snapshot } from "@/api/types";

/** What the API names by a code, as it stands in a sentence. */
export const SNAPSHOT_KINDS_IN_TEXT: Record<Snapshot["kind"], string> = {
  get preferences() { return t`preferences`; },
  get rankings() { return t`rankings`; },
  get unpaired() { return t`unpaired`; },
  get prompts() { return t`prompts`; },
  get demonstrations() { return t`demonstrations`; },
};

export const MODEL_KINDS_IN_TEXT: Record<Model["kind"], string> = {
  get base() { return t`base`; },
  get policy() { return t`policy`; },
  get reward() { return t`reward`; },
};

export const STAGES_IN_TEXT: Record<Model["stage"], string> = {
  get candidate() { return t`candidate`; },
  get promoted() { return t`promoted`; },
  get retired() { return t`retired`; },
};

export const ROLES_IN_TEXT: Record<Role, string> = {
  get annotator() { return t`annotator`; },
  get lead() { return t`lead`; },
  get researcher() { return t`researcher`; },
  get owner() { return t`owner`; },
};

/** "lead and researcher" */
export const rolesInText = (roles: readonly Role[]): string => roles.map((role) => ROLES_IN_TEXT[role]).join(t` and `);

const SPEAKERS: Record<Message["role"], string> = {
  get system() { return t`system`; },
  get user() { return t`user`; },
  get assistant() { return t`assistant`; },
  get tool() { return t`tool`; },
};

/** Who speaks in a conversation. */
export const speaker = (role: string): string => (role in SPEAKERS ? SPEAKERS[role as Message["role"]] : role);

const SPLITS: Record<string, string> = {
  get train() { return t`train`; },
  get validation() { return t`validation`; },
  get test() { return t`test`; },
};

export const splitInText = (split: string): string => SPLITS[split] ?? split;
