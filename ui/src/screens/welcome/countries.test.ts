import { expect, test } from "vitest";
import { countries, isMeant, readNumber } from "./countries";

test("India is first, the others follow by name in the screen's language", () => {
  const english = countries("en");
  expect(english[0]).toEqual({ code: "IN", calling: "+91", name: "India" });
  expect(english.length).toBeGreaterThan(200);
  const names = english.slice(1).map(({ name }) => name);
  expect(names).toEqual([...names].sort(new Intl.Collator("en").compare));
  expect(countries("hi")[0]?.name).toBe("भारत");
});

test.each([
  ["uni", "GB", true],
  ["kingdom", "GB", true],
  ["united k", "GB", true],
  ["+44", "GB", true],
  ["44", "GB", true],
  ["cote", "CI", true],
  ["nited", "GB", false],
  ["+1", "GB", false],
])("“%s” means %s: %s", (typed, code, meant) => {
  const country = countries("en").find((one) => one.code === code);
  expect(country && isMeant(country, typed)).toBe(meant);
});

test("a vowel sign is no accent: दि does not mean द", () => {
  const named = (name: string) => ({ code: "IN", calling: "+91", name }) as const;
  expect(isMeant(named("भूटान"), "भूटान")).toBe(true);
  expect(isMeant(named("भूटान"), "भटान")).toBe(false);
});

test.each([
  ["98765 43210", "IN", { calling: "+91", national: "9876543210" }],
  ["०९८७६५४३२१०", "IN", { calling: "+91", national: "9876543210" }],
  ["+44 20 7946 0958", "IN", { calling: "+44", national: "2079460958" }],
  ["12345", "IN", null],
  ["hello", "IN", null],
] as const)("“%s” typed for %s", (typed, country, number) => {
  expect(readNumber(typed, country)).toEqual(number);
});
