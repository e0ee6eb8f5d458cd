import { expect, test } from "vitest";
import { href, parse, router, type Route } from "./router.svelte";

const CASES: [string, Route][] = [
  ["", { name: "home" }],
  [href.home, { name: "home" }],
  [href.search(), { name: "search", query: "" }],
  [href.search("दिल & more"), { name: "search", query: "दिल & more" }],
  [href.song("a/b"), { name: "song", id: "a/b" }],
  [href.library, { name: "library" }],
  [href.playlists, { name: "playlists" }],
  [href.downloads, { name: "downloads" }],
  [href.history, { name: "history" }],
  [href.playlist("a/b"), { name: "playlist", id: "a/b" }],
  [href.settings, { name: "settings" }],
  [href.signIn, { name: "sign-in" }],
  ["#/nowhere", { name: "missing" }],
  ["#/library/x", { name: "missing" }],
  ["#/song", { name: "missing" }],
  ["#/song/a/b", { name: "missing" }],
];

test.each(CASES)("%s leads to %o", (address, route) => {
  expect(parse(address)).toEqual(route);
});

test("a query that is typed replaces its address, so that the way back leads past it", () => {
  const before = history.length;
  router.go(href.search("di"), { replace: true });
  router.go(href.search("dil"), { replace: true });
  expect(router.route).toEqual({ name: "search", query: "dil" });
  expect(history.length).toBe(before);
});
