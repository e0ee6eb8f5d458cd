// The languages that songs can be filtered by: the service's, most heard first.
import { languageName } from "./format";
import { m } from "./paraglide/messages.js";

const CODES = ["hi", "en", "pa", "ta", "te", "bn", "mr", "gu", "kn", "ml", "ur", "he"] as const;

/** For a `Select`; the empty value is all. */
export function languageOptions(): { value: string; label: string }[] {
  return [
    { value: "", label: m.language_all() },
    ...CODES.map((code) => ({ value: code as string, label: languageName(code) })),
  ];
}
