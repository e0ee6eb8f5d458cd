// Comparisons, against a double of the backend.
import { expect, test } from "vitest";
import type { ComparisonProgress, ComparisonRun } from "$lib/generated/types";
import { App } from "./app.svelte";
import { Double, overview, refusal } from "./double";

const run = (id: string): ComparisonRun => ({
  id,
  summary: {
    cases: 1,
    findings: 0,
    expected: 0,
    noise: 0,
    skipped: 0,
    hidden: 0,
    breaking: 0,
    degrading: 0,
    cosmetic: 0,
    known: 0,
    calls: 1,
  },
  backends: {
    blue: { address: "http://127.0.0.1:1", dialect: "blue" },
    green: { address: "http://127.0.0.1:2", dialect: "green" },
    began: "2026-01-01T00:00:00Z",
    seconds: 1,
    signed_in: false,
    ended_early: false,
  },
});
const progress = (done: number): ComparisonProgress => ({
  done,
  of: 10,
  now: "a/case",
  breaking: 0,
  degrading: 0,
  cosmetic: 0,
  ending: false,
});

async function started() {
  const backend = new Double();
  backend.answers.overview = () => overview();
  backend.answers.comparisons = () => ({ comparisons: [run("b"), run("a")], running: progress(3) });
  const app = new App(backend);
  await app.start();
  return { app, backend };
}

test("one that is under way is known also to a screen that opened later, and is over when that is told", async () => {
  const { app, backend } = await started();
  await app.comparisons.read();
  expect(app.comparisons.running?.done).toBe(3);
  expect(app.comparisons.runs?.map(({ id }) => id)).toEqual(["b", "a"]);
  backend.tell({ event: "comparison_progress", ...progress(4) });
  expect(app.comparisons.running?.done).toBe(4);
  const before = app.comparisons.revision;
  backend.tell({ event: "comparisons_changed" });
  expect(app.comparisons.running).toBeNull();
  expect(app.comparisons.revision).toBeGreaterThan(before);
});

test("what cannot be read leaves what is shown", async () => {
  const { app, backend } = await started();
  await app.comparisons.read();
  backend.answers.comparisons = () => Promise.reject(refusal("read_only"));
  await app.comparisons.read();
  expect(app.comparisons.runs).toHaveLength(2);
  expect(app.comparisons.error?.key).toBe("read_only");
});

test("a finding that no single call shows asks for none", async () => {
  const { app, backend } = await started();
  const finding = { case: "data", call: "GET /library/songs", path: "/songs/0", kind: "lost", severity: "breaking" };
  const told = { ...finding, blue: 1, green: null, why: "It is not there.", count: 1 } as const;
  expect(await app.comparisons.exchange("a", told as never)).toBeNull();
  expect(backend.of("comparison_exchange")).toEqual([]);
});
