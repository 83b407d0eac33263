/** What tests are made of; nothing else reads this. */

import type { Assignment, Protocol } from "@/api/types";

export const PROTOCOL: Protocol = {
  system_prompt: "folded",
  ties: true,
  strength: true,
  both_good: true,
  both_bad: true,
  cannot_judge: true,
  skip: true,
  skip_reason: "optional",
  skip_reasons: [],
  criteria: [],
  reasons: { choices: [], required: false, min: 0, max: 50 },
  comment: { ask: "optional", min_length: 0 },
  spans: [],
  edit: "off",
  demonstrations: { on: false, min_length: 1 },
  undo_seconds: 120,
};

interface Parts extends Partial<Omit<Assignment, "responses" | "protocol">> {
  protocol?: Partial<Protocol>;
}

/** An assignment whose responses say their own keys. */
export function assignmentOf(keys: readonly string[], { protocol, ...rest }: Parts = {}): Assignment {
  return {
    id: "0b1e",
    lease_token: 1,
    expires_at: "2026-01-01T12:00:00Z",
    prompt: { messages: [{ role: "user", content: "my kettle arrived broken" }], risk_tags: [] },
    responses: keys.map((key) => ({ key, messages: [{ role: "assistant", content: key }] })),
    protocol: { ...PROTOCOL, ...protocol },
    protocol_version: 1,
    guideline_version: 1,
    kind: "rank",
    draft: { revision: 0, body: null, saved_at: null },
    returned: null,
    ...rest,
  };
}
