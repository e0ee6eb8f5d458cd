// The screen's language: what messages and formats ask for. A change is seen at once, without a reload.
import { baseLocale, isLocale, overwriteGetLocale, type Locale } from "./paraglide/runtime.js";

let spoken = $state<Locale>(baseLocale);
overwriteGetLocale(() => spoken);

/** The language in use. Reactive. */
export const language = (): Locale => spoken;

/** Takes a language, or with `null` the first of the system's that the screen speaks. */
export function setLanguage(chosen: Locale | null): void {
  spoken = chosen ?? systemLanguage();
  document.documentElement.lang = spoken;
}

function systemLanguage(): Locale {
  for (const tag of navigator.languages) {
    const primary = tag.split("-")[0];
    if (isLocale(primary)) return primary;
  }
  return baseLocale;
}
