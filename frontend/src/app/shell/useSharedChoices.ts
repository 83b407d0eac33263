import { useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";

import { preferencesQuery, storePreferences } from "@/api/preferences";
import type { StoredPreferences } from "@/api/types";
import { openChoices, tell, untoldChoices, useUntoldChoices } from "@/lib/choices";
import { useReachable } from "@/lib/connection";
import { chosenKeys, openKeymap, takeKeys } from "@/lib/keymap";
import { languageNow, speak, wantedLanguage } from "@/lib/language";
import { preferred, SHARED, takePreferences } from "@/lib/preferences";

const SETTLED_MS = 400;

/** Keys and reading settings follow their person: those of the server are taken over at the start of a
 * visit, and it is told what is chosen here. Until it has heard, a choice made here stands. */
export function useSharedChoices(person: number | null): void {
  openKeymap(person);
  openChoices(person);
  const client = useQueryClient();
  const stored = useQuery(preferencesQuery(person));
  const untold = useUntoldChoices();
  const reachable = useReachable();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  const here = useEffectEvent((): StoredPreferences => {
    const now = preferred();
    return { ...Object.fromEntries(SHARED.map((name) => [name, now[name]])), keys: { ...chosenKeys() }, appearance: colorScheme };
  });

  const take = useEffectEvent((there: StoredPreferences) => {
    const { keys, appearance, ...reading } = without(there, untoldChoices());
    takePreferences(reading);
    if (keys) takeKeys(keys);
    if (appearance && appearance !== colorScheme) setColorScheme(appearance);
    if (wantedLanguage() !== languageNow()) void speak(wantedLanguage()).catch(() => undefined);
  });
  useEffect(() => {
    if (stored.data) take(stored.data);
  }, [stored.data]);

  const send = useEffectEvent(async () => {
    const sent = only(here(), untold);
    const there = await storePreferences(sent);
    await client.cancelQueries(preferencesQuery(person));
    const now = here();
    tell(names(sent).filter((name) => JSON.stringify(now[name]) === JSON.stringify(sent[name])));
    client.setQueryData(preferencesQuery(person).queryKey, there);
  });
  useEffect(() => {
    if (person === null || untold.size === 0 || !reachable) return;
    // What cannot be stored is tried again with the next choice, or at the next visit.
    const timer = setTimeout(() => void send().catch(() => undefined), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [person, untold, reachable]);
}

const names = (of: StoredPreferences) => Object.keys(of) as (keyof StoredPreferences)[];

const only = (of: StoredPreferences, wanted: ReadonlySet<string>): StoredPreferences =>
  Object.fromEntries(Object.entries(of).filter(([name]) => wanted.has(name)));

const without = (of: StoredPreferences, unwanted: ReadonlySet<string>): StoredPreferences =>
  Object.fromEntries(Object.entries(of).filter(([name]) => !unwanted.has(name)));
