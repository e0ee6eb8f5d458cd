import { expect, test } from "vitest";
import { Steady } from "./steady.svelte";

test("a newer value waits while somebody points at the one that shows", () => {
  const list = new Steady<string[]>();
  list.take(["stored"]);
  list.hold();
  list.take(["fresh"]);
  list.take(["fresher"]);
  expect(list.shown).toEqual(["stored"]);
  list.release();
  expect(list.shown).toEqual(["fresher"]);
});

test("where nothing shows, nothing is moved", () => {
  const list = new Steady<string[]>();
  list.hold();
  list.take(["first"]);
  expect(list.shown).toEqual(["first"]);
});

test("what was overtaken does not come back", () => {
  const list = new Steady<number>();
  list.take(1);
  list.hold();
  list.take(2);
  list.release();
  list.take(3);
  list.hold();
  list.release();
  expect(list.shown).toBe(3);
});
