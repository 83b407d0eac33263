import { beforeEach, expect, it } from "vitest";

import { chose, openChoices, tell, untoldChoices } from "./choices";
import { setPreference, takePreferences } from "./preferences";

const untold = () => [...untoldChoices()].sort();

beforeEach(() => {
  openChoices(null);
  tell(untold());
  localStorage.clear();
});

it("keeps what the server has not heard of, over a reload and for each person", () => {
  openChoices(1);
  setPreference("face", "sans");
  chose("keys");
  openChoices(2);
  expect(untold()).toEqual([]);
  openChoices(1);
  expect(untold()).toEqual(["face", "keys"]);
  tell(["face"]);
  openChoices(null);
  openChoices(1);
  expect(untold()).toEqual(["keys"]);
});

it("gives what was chosen on the sign-in page to whoever signs in there", () => {
  setPreference("language", "ar");
  openChoices(3);
  expect(untold()).toEqual(["language"]);
});

it("tells neither what belongs to this screen nor what was chosen elsewhere", () => {
  openChoices(4);
  setPreference("railNarrow", true);
  takePreferences({ face: "serif" });
  expect(untold()).toEqual([]);
});
