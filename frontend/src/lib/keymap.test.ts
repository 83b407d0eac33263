import { beforeEach, describe, expect, it } from "vitest";

import type { Command } from "./commands";
import { holderOf, resetKeys, setKey, openKeymap, withChosenKeys, type Keymap } from "./keymap";

const command = (id: string, keys: string[], fixed = false): Command => ({
  id,
  label: id,
  group: "Work",
  keys,
  enabled: true,
  fixed,
  perform: () => undefined,
});
const COMMANDS = [command("tie", ["4", "="]), command("skip", ["s"]), command("reason:1", ["1"], true)];
const stored = (person: number) => JSON.parse(localStorage.getItem(`plumbline.keys.${person}`) ?? "{}") as Keymap;
const keysWith = (keymap: Keymap) => Object.fromEntries(withChosenKeys(COMMANDS, keymap).map(({ id, keys }) => [id, keys]));

beforeEach(() => {
  localStorage.clear();
  openKeymap(null);
  openKeymap(1);
});

describe("chosen keys", () => {
  it("replace the original ones", () => {
    expect(keysWith({ tie: "t" })).toEqual({ tie: ["t"], skip: ["s"], "reason:1": ["1"] });
  });

  it("are taken from a command that has them by default, so that none is shared", () => {
    expect(keysWith({ skip: "=" })).toEqual({ tie: ["4"], skip: ["="], "reason:1": ["1"] });
  });

  it("leave the lists that open for a moment alone", () => {
    expect(keysWith({ skip: "1", "reason:1": "q" })["reason:1"]).toEqual(["1"]);
  });

  it("swap with the command that has the key", () => {
    const [tie, skip] = COMMANDS as [Command, Command];
    expect(holderOf(COMMANDS, skip, "4")).toBe(tie);
    setKey(COMMANDS, skip, "4");
    expect(keysWith(stored(1))).toMatchObject({ tie: ["s"], skip: ["4"] });
  });

  it("belong to one person, and can be given up", () => {
    setKey(COMMANDS, COMMANDS[1] as Command, "k");
    openKeymap(2);
    setKey(COMMANDS, COMMANDS[1] as Command, "j");
    expect([stored(1), stored(2)]).toEqual([{ skip: "k" }, { skip: "j" }]);
    resetKeys();
    expect([stored(1), stored(2)]).toEqual([{ skip: "k" }, {}]);
  });
});
