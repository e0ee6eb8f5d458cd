// What a listener reads: languages of texts, times, errors.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { explain } from "./errors";
import { clock, wait } from "./format";
import type { MessageKey } from "./generated/types";
import { setLanguage } from "./language.svelte";
import { langOf } from "./script";
import { report } from "./stores/double";

afterEach(() => setLanguage("en"));

test.each([
  ["दिल", "hi", "hi"],
  ["दिल", "mr", "mr"],
  ["दिल", null, "hi"],
  ["Dil Ki Chhat", "hi", "hi-Latn"],
  ["மழை", "hi", "ta"],
  ["שיר", null, "he"],
  ["Monsoon Ledger", "en", "en"],
  ["Monsoon Ledger", null, undefined],
  ["ਸੜਕ (Live)", "pa", "pa"],
])("“%s” of a song in %s is set as %s", (text, language, lang) => {
  expect(langOf(text, language)).toBe(lang);
});

test.each([
  [0, "0:00"],
  [59.9, "0:59"],
  [65, "1:05"],
  [3725, "1:02:05"],
  [-1, "0:00"],
])("%d seconds are %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

test("a wait is one unit, never less than it is", () => {
  expect([1, 45, 61, 2400, 3601].map(wait)).toEqual(["1 second", "45 seconds", "2 minutes", "40 minutes", "2 hours"]);
  setLanguage("hi");
  expect(wait(61)).toBe("2 मिनट");
});

describe("errors", () => {
  test("say when to try again, when the service did", () => {
    expect(explain(report("too_often", { seconds: "2400" }))).toContain("40 minutes");
    expect(explain(report("too_often"))).not.toContain("undefined");
  });

  test("never show the English sentence that came with them", () => {
    setLanguage("hi");
    expect(explain(report("wrong_otp"))).toMatch(/\p{Script=Devanagari}/u);
    expect(explain(report("wrong_otp"))).not.toContain("In English");
  });

  test("have a sentence for every key that Rust knows, in both languages", () => {
    const types = readFileSync("src/lib/generated/types.ts", "utf8");
    const union = /export type MessageKey = ([^;]+);/.exec(types)?.[1] ?? "";
    const keys = [...union.matchAll(/"(\w+)"/g)].map((match) => match[1] as MessageKey);
    expect(keys.length).toBeGreaterThan(30);
    for (const key of keys) {
      setLanguage("en");
      const english = explain(report(key));
      setLanguage("hi");
      expect(explain(report(key)), key).not.toBe(english);
    }
  });
});

describe("messages", () => {
  const read = (language: string): Record<string, unknown> =>
    JSON.parse(readFileSync(`messages/${language}.json`, "utf8")) as Record<string, unknown>;
  const [en, hi] = [read("en"), read("hi")];

  test("are the same in both languages, with the same names in them", () => {
    expect(Object.keys(hi)).toEqual(Object.keys(en));
    const names = (value: unknown) => [...new Set(JSON.stringify(value).match(/\{\w+\}/g))].sort();
    for (const key of Object.keys(en)) expect(names(hi[key]), key).toEqual(names(en[key]));
  });

  test("do not shout", () => {
    for (const [key, text] of [...Object.entries(en), ...Object.entries(hi)]) {
      expect(JSON.stringify(text), key).not.toContain("!");
    }
  });
});
