import { i18n, type Messages } from "@lingui/core";
import { useSyncExternalStore } from "react";

import { messages as english } from "../locales/en/shell.po";
import { preferred, setPreference } from "./preferences";

/** `locale` writes numbers and dates: digits stay those of the keyboard, which rank. */
export const LANGUAGES = {
  en: { name: "English", direction: "ltr", locale: "en-GB" },
  ar: { name: "العربية", direction: "rtl", locale: "ar-u-nu-latn" },
} as const;

export type Language = keyof typeof LANGUAGES;

/** For Intl: how the language of the moment writes numbers and dates. */
export const locale = (): string => LANGUAGES[languageNow()].locale;

export const isRightToLeft = (): boolean => LANGUAGES[languageNow()].direction === "rtl";

/** Figures with signs between them, kept in their order also in a line from right to left. */
export const inOrder = (figures: string): string => (isRightToLeft() ? `\u2066${figures}\u2069` : figures);

/** A sentence of the server or of a person, which may run the other way than the page. */
export const apart = (sentence: string): string => (isRightToLeft() ? `\u2068${sentence}\u2069` : sentence);

const isLanguage = (value: string): value is Language => Object.hasOwn(LANGUAGES, value);

export const languageNow = (): Language => (isLanguage(i18n.locale) ? i18n.locale : "en");

/** What its reader chose, else the first language of the browser that is spoken here. */
export function wantedLanguage(): Language {
  const { language } = preferred();
  if (language && isLanguage(language)) return language;
  const spoken = navigator.languages.map((one) => one.split("-")[0] ?? "");
  return spoken.find(isLanguage) ?? "en";
}

const CATALOGS = import.meta.glob<{ messages: Messages }>(["../locales/*/*.po", "!../locales/en/shell.po"]);
const parts = new Set(["shell"]);

async function load(language: Language, part: string): Promise<void> {
  const catalog = await CATALOGS[`../locales/${language}/${part}.po`]?.();
  if (catalog) i18n.load(language, catalog.messages);
}

/** The words of one part of the product, to be there before it is shown. */
export async function loadWords(part: string): Promise<void> {
  parts.add(part);
  await load(languageNow(), part);
}

/** Everything that was loaded so far, in this language from now on. */
export async function speak(language: Language): Promise<void> {
  await Promise.all([...parts].map((part) => load(language, part)));
  const { direction, locale } = LANGUAGES[language];
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  i18n.activate(language, locale);
}

export async function chooseLanguage(language: Language): Promise<void> {
  await speak(language);
  setPreference("language", language);
}

const subscribe = (listener: () => void) => i18n.on("change", listener);

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, languageNow);
}

i18n.loadAndActivate({ locale: "en", messages: english });
