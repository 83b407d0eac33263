import { i18n, type Messages } from "@lingui/core";
import { expect, it, vi } from "vitest";

const CATALOGS = import.meta.glob<{ messages: Messages }>("./*/*.po");
const MODULES = import.meta.glob(["../**/*.{ts,tsx}", "!../**/*.test.*", "!../main.tsx", "!../**/*.d.ts"]);

// Reading a catalog fails where a message has no translation: vite.config.ts asks for that.
it("has every message of every part in every language", async () => {
  const keys = async (path: string) => Object.keys((await CATALOGS[path]?.())?.messages ?? {}).sort();
  const parts = Object.keys(CATALOGS).filter((path) => path.startsWith("./en/"));
  expect(parts.length).toBeGreaterThan(5);
  for (const part of parts) expect([part, await keys(part.replace("/en/", "/ar/"))]).toEqual([part, await keys(part)]);
});

it("fixes no word before the language is known", async () => {
  const said = vi.spyOn(i18n, "_");
  for (const load of Object.values(MODULES)) await load();
  expect(said.mock.calls).toEqual([]);
}, 120_000);
