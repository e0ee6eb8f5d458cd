// What was found on this machine, as a listener reads it.
import { afterEach, expect, test } from "vitest";
import type { Check } from "./generated/types";
import { checkName, checkSays } from "./health";
import { setLanguage } from "./language.svelte";
import { report } from "./stores/double";

afterEach(() => setLanguage("en"));

/** As core and the window name them. */
const LOOKED_AT = ["profile", "library", "keyring", "sound", "service", "media_keys", "tray"];
const check = (name: string, change: Partial<Check> = {}): Check => ({
  name,
  ok: false,
  message: "In English.",
  ...change,
});

test("what was looked at has a name in both languages", () => {
  for (const name of LOOKED_AT) expect(checkName(check(name))).not.toBe(name);
  setLanguage("hi");
  for (const name of LOOKED_AT) expect(checkName(check(name))).toMatch(/\p{Script=Devanagari}/u);
});

test("what is missing is said with its own error, in the screen's language", () => {
  const sound = check("sound", { error: report("no_device") });
  expect(checkSays(sound)).toBe("No sound output was found. Connect one and press play.");
  setLanguage("hi");
  expect(checkSays(sound)).toMatch(/\p{Script=Devanagari}/u);
});

test("what a desktop lacks, which no error says, has a sentence too", () => {
  for (const language of ["en", "hi"] as const) {
    setLanguage(language);
    for (const name of ["media_keys", "tray"]) expect(checkSays(check(name))).not.toContain("In English");
  }
});

test("what works says so; what nobody here knows keeps its own words", () => {
  expect(checkSays(check("sound", { ok: true }))).toBe("Works");
  expect(checkSays(check("something_new"))).toBe("In English.");
  expect(checkName(check("something_new"))).toBe("something_new");
});
