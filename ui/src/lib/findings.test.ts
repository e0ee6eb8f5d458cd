// Findings: which are seen, and which lines of a body they are about.
import { expect, test } from "vitest";
import { callsOf, filtered, lines, placeOf, shown } from "./findings";
import type { Finding } from "./generated/types";

const finding = (over: Partial<Finding>): Finding => ({
  case: "music/search/title",
  call: "GET /music/search",
  path: "/data/tracks/0/album",
  kind: "rename",
  severity: "degrading",
  blue: "Monsoon",
  green: null,
  why: "It has another name.",
  count: 1,
  ...over,
});
const some = [
  finding({}),
  finding({ severity: "breaking", path: "status", kind: "status", blue: 200, green: 500 }),
  finding({ severity: "cosmetic", call: "GET /health", case: "http/health", path: "header:etag", kind: "header" }),
];

test("severity, call and words narrow what is seen, together", () => {
  const count = (over: object) => filtered(some, { severity: "all", call: "", text: "", ...over }).length;
  expect(count({})).toBe(3);
  expect(count({ severity: "breaking" })).toBe(1);
  expect(count({ call: "GET /music/search" })).toBe(2);
  expect(count({ call: "GET /music/search", severity: "cosmetic" })).toBe(0);
  // Each word somewhere: in a value, a path, a case, a kind.
  expect(count({ text: "monsoon ALBUM" })).toBe(1);
  expect(count({ text: "500" })).toBe(1);
  expect(count({ text: "etag health" })).toBe(1);
  expect(count({ text: "etag album" })).toBe(0);
});

test("calls are listed once, in order", () => {
  expect(callsOf(some)).toEqual(["GET /health", "GET /music/search"]);
});

test("a value is shown as it stands, and what is not there as a dash", () => {
  expect([shown("a"), shown(5), shown({ a: [1] }), shown(null), placeOf({ path: "" })]).toEqual([
    "a",
    "5",
    '{"a":[1]}',
    "–",
    "/",
  ]);
});

test("the lines of the field are marked, in either case of its name, and no others", () => {
  const body =
    '{\n  "playCount": 3,\n  "plays": 1,\n  "entries": [\n    { "play_count": 4 }\n  ],\n  "play_count": 4\n}';
  const marked = (path: string) =>
    lines(body, path)
      .filter((line) => line.marked)
      .map((line) => line.text.trim());
  expect(marked("/data/entries/0/play_count")).toEqual(['"playCount": 3,', '"play_count": 4']);
  expect(marked("status")).toEqual([]);
  expect(marked("header:etag")).toEqual([]);
  expect(marked("")).toEqual([]);
  expect(
    lines(body, "/x")
      .map((line) => line.text)
      .join("\n"),
  ).toBe(body);
});
