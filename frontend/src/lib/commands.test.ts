import { describe, expect, it, vi } from "vitest";

import { belongsToTarget, commandFor, keyLabel, type Command } from "./commands";

const command = (id: string, keys: string[], more: Partial<Command> = {}): Command => ({
  id,
  label: id,
  group: "Work",
  keys,
  enabled: true,
  perform: vi.fn(),
  ...more,
});
const commands = [
  command("tie", ["4", "="]),
  command("bad", ["b"]),
  command("submit", ["Enter"]),
  command("left", ["ArrowLeft"], { repeats: true }),
  command("palette", ["mod+k"]),
  command("help", ["?"]),
  command("off", ["x"], { enabled: false }),
];
const found = (press: Parameters<typeof commandFor>[1]) => commandFor(commands, press)?.id;

describe("key dispatch", () => {
  it("finds a command by any of its keys, whatever the case", () => {
    expect(found({ key: "4" })).toBe("tie");
    expect(found({ key: "=" })).toBe("tie");
    expect(found({ key: "B" })).toBe("bad");
    expect(found({ key: "?", code: "Slash" })).toBe("help");
  });

  it("knows letters and digits by their place on other layouts", () => {
    expect(found({ key: "и", code: "KeyB" })).toBe("bad");
    expect(found({ key: "&", code: "Digit4" })).toBe("tie");
    expect(found({ key: "4", code: "Numpad4" })).toBe("tie");
  });

  it("does not take a sign for the digit under it", () => {
    expect(found({ key: "=", code: "Digit0" })).toBe("tie");
    expect(commandFor([command("two", ["2"])], { key: "b", code: "Digit2" })).toBeNull();
  });

  it("tells Ctrl and ⌘ from plain keys, and leaves Alt alone", () => {
    expect(found({ key: "k", ctrlKey: true })).toBe("palette");
    expect(found({ key: "k", metaKey: true })).toBe("palette");
    expect(found({ key: "b", ctrlKey: true })).toBeUndefined();
    expect(found({ key: "b", altKey: true })).toBeUndefined();
  });

  it("ignores what is not enabled, and a held key unless the command repeats", () => {
    expect(found({ key: "x" })).toBeUndefined();
    expect(found({ key: "Enter", repeat: true })).toBeUndefined();
    expect(found({ key: "ArrowLeft", repeat: true })).toBe("left");
  });

  it("leaves keys to fields, and Enter to a button reached by Tab", () => {
    const field = document.createElement("textarea");
    const button = document.createElement("button");
    const radio = document.createElement("button");
    radio.setAttribute("role", "radio");
    expect(belongsToTarget(field, { key: "b" })).toBe(true);
    expect(belongsToTarget(button, { key: "Enter" })).toBe(true);
    expect(belongsToTarget(button, { key: "b" })).toBe(false);
    // Enter on the scale submits, as in any form.
    expect(belongsToTarget(radio, { key: "Enter" })).toBe(false);
  });

  it("shows keys as they are printed", () => {
    expect(keyLabel("ArrowLeft")).toBe("←");
    expect(keyLabel("Escape")).toBe("Esc");
    expect(keyLabel("mod+k")).toMatch(/^(⌘|Ctrl )K$/);
  });
});
