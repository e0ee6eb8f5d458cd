// The `lang` of a text from the catalogue: what its letters are decides how it is set, not what a field says.

const SCRIPTS: readonly [RegExp, readonly string[]][] = [
  [/\p{Script=Devanagari}/u, ["hi", "mr", "ne", "sa"]],
  [/\p{Script=Tamil}/u, ["ta"]],
  [/\p{Script=Telugu}/u, ["te"]],
  [/\p{Script=Bengali}/u, ["bn", "as"]],
  [/\p{Script=Gurmukhi}/u, ["pa"]],
  [/\p{Script=Gujarati}/u, ["gu"]],
  [/\p{Script=Kannada}/u, ["kn"]],
  [/\p{Script=Malayalam}/u, ["ml"]],
  [/\p{Script=Hebrew}/u, ["he"]],
  [/\p{Script=Arabic}/u, ["ur", "ar"]],
];

/** A language tag for a text of a song: the song's language where the script agrees, `hi-Latn` for Hindi in Latin letters. */
export function langOf(text: string, language: string | null): string | undefined {
  for (const [letters, languages] of SCRIPTS) {
    if (letters.test(text)) return language && languages.includes(language) ? language : languages[0];
  }
  if (!language) return undefined;
  return SCRIPTS.some(([, languages]) => languages.includes(language)) ? `${language}-Latn` : language;
}
