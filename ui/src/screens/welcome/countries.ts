// Countries and their phone numbers, by libphonenumber's rules. Heavy: loaded with the phone step.
import {
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
  type CountryCode,
} from "libphonenumber-js/min";
import { asciiDigits } from "./digits";

export type { CountryCode };

export interface Country {
  code: CountryCode;
  /** With its plus: `+91`. */
  calling: string;
  /** In the screen's language. */
  name: string;
}

/** All countries by name, India first: most listeners are there. */
export function countries(language: string): Country[] {
  const names = new Intl.DisplayNames(language, { type: "region" });
  const order = new Intl.Collator(language);
  return getCountries()
    .map((code) => ({ code, calling: `+${getCountryCallingCode(code)}`, name: names.of(code) ?? code }))
    .sort((a, b) => Number(b.code === "IN") - Number(a.code === "IN") || order.compare(a.name, b.name));
}

/** Whether a country is meant by what was typed: the beginning of a word of its name, or of its calling code. */
export function isMeant(country: Country, typed: string): boolean {
  const wanted = fold(typed);
  if (/^\+?\d+$/.test(wanted)) return country.calling.slice(1).startsWith(wanted.replace("+", ""));
  const words = fold(country.name).split(/[\s-]+/);
  return words.some((_, i) => words.slice(i).join(" ").startsWith(wanted));
}

function fold(text: string): string {
  // Only Latin accents go: in Indic scripts the marks are vowels.
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .trim()
    .toLocaleLowerCase();
}

/** The national digits of a number typed for a country, and which country it turned out to be; null when it is none. */
export function readNumber(typed: string, country: CountryCode): { national: string; calling: string } | null {
  const number = parsePhoneNumberFromString(asciiDigits(typed), country);
  if (!number?.isValid()) return null;
  return { national: number.nationalNumber, calling: `+${number.countryCallingCode}` };
}
