// Covers by turns: never more than three at once, none forgotten.
import { expect, test } from "vitest";
import { takeTurn } from "./turns";

test("three begin, each further one when one of them is over, in order; one that left is passed over", () => {
  const begun: number[] = [];
  const ends = [0, 1, 2, 3, 4, 5].map((one) => takeTurn(() => begun.push(one)));
  expect(begun).toEqual([0, 1, 2]);
  ends[3]?.();
  ends[1]?.();
  expect(begun).toEqual([0, 1, 2, 4]);
  ends[1]?.();
  expect(begun).toEqual([0, 1, 2, 4]);
  for (const end of ends) end();
  expect(begun).toEqual([0, 1, 2, 4, 5]);
  const free = [6, 7, 8].map((one) => takeTurn(() => begun.push(one)));
  expect(begun).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
  for (const end of free) end();
});
