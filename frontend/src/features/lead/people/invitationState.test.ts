import { expect, test } from "vitest";

import { invitationState } from "./invitationState";

const NOW = new Date("2026-05-01T12:00:00Z");
const OPEN = { revoked_at: null, expires_at: "2026-05-02T12:00:00Z", max_uses: 2, num_uses: 1 };

test("a link is open until it is used up, expired or revoked", () => {
  expect(invitationState(OPEN, NOW)).toBe("open");
  expect(invitationState({ ...OPEN, num_uses: 2 }, NOW)).toBe("used");
  expect(invitationState({ ...OPEN, expires_at: "2026-05-01T12:00:00Z" }, NOW)).toBe("expired");
  expect(invitationState({ ...OPEN, revoked_at: "2026-04-30T00:00:00Z", num_uses: 2 }, NOW)).toBe("revoked");
});

test("a link for any number is never used up", () => {
  expect(invitationState({ ...OPEN, max_uses: null, num_uses: 5000 }, NOW)).toBe("open");
});
