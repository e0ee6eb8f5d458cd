// A long list in pages, against a source that the test holds.
import { expect, test } from "vitest";
import { later, refusal, settled } from "./double";
import { Pages } from "./pages.svelte";

/** 100,000 rows that say their place and the edition. */
function source() {
  const asked: number[] = [];
  const state = { edition: 1, total: 100_000, fail: false };
  const pages = new Pages(async (offset, limit) => {
    asked.push(offset);
    if (state.fail) throw refusal("no_connection");
    const rows = Array.from(
      { length: Math.min(limit, state.total - offset) },
      (_, i) => `${offset + i}.${state.edition}`,
    );
    return { rows, total: state.total };
  });
  return { pages, asked, state };
}

test("only the pages that show are asked for, each once", async () => {
  const { pages, asked } = source();
  await pages.reload();
  expect(pages.total).toBe(100_000);
  for (const index of [50_010, 50_020, 50_099, 50_100]) expect(pages.at(index)).toBeUndefined();
  await settled();
  expect([50_010, 50_099, 50_100].map((index) => pages.at(index))).toEqual(["50010.1", "50099.1", "50100.1"]);
  expect(asked).toEqual([0, 50_000, 50_100]);
});

test("what shows stays while it is read again, then it is new", async () => {
  const { pages, state } = source();
  await pages.reload();
  state.edition = 2;
  pages.expire();
  expect(pages.at(3)).toBe("3.1");
  await settled();
  expect(pages.at(3)).toBe("3.2");
});

test("a page that comes late, from before a change, is dropped", async () => {
  const first = later<{ rows: string[]; total: number }>();
  const answers = [first.promise, Promise.resolve({ rows: ["new"], total: 1 })];
  const pages = new Pages(() => answers.shift() ?? Promise.reject(new Error("asked too often")));
  const old = pages.reload();
  await settled();
  await pages.reload();
  first.resolve({ rows: ["old", "old"], total: 2 });
  await old;
  expect([pages.at(0), pages.total]).toEqual(["new", 1]);
});

test("a list that went through is not kept whole", async () => {
  const { pages, asked } = source();
  await pages.reload();
  for (let page = 0; page < 60; page += 1) {
    pages.at(page * 100);
    await settled();
  }
  const before = asked.length;
  expect(pages.at(59 * 100)).toBeDefined();
  expect(pages.at(100)).toBeUndefined();
  await settled();
  expect(asked.length).toBe(before + 1);
});

test("a failure is told, is not asked again while it shows, and goes with the next that works", async () => {
  const { pages, asked, state } = source();
  state.fail = true;
  await pages.reload();
  expect(pages.error?.key).toBe("no_connection");
  pages.at(0);
  pages.at(0);
  await settled();
  expect(asked).toEqual([0]);
  state.fail = false;
  await pages.reload();
  expect([pages.error, pages.at(0)]).toEqual([null, "0.1"]);
});

test("another list leaves nothing of the one before", async () => {
  const { pages, state } = source();
  await pages.reload();
  state.total = 0;
  const again = pages.reset();
  expect([pages.total, pages.at(0)]).toEqual([null, undefined]);
  await again;
  expect(pages.total).toBe(0);
});
