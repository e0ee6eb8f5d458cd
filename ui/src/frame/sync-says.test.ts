// How sync stands, in words: what the listener wanted goes before what happened, and nothing is said twice.
import { expect, test } from "vitest";
import type { ParkedOperation, SyncStatus } from "$lib/generated/types";
import { says } from "./sync-says";

const status = (change: Partial<SyncStatus>): SyncStatus => ({
  state: "idle",
  entries: 0,
  pending: 0,
  parked: [],
  uncertain: 0,
  until: null,
  ...change,
});
const parked: ParkedOperation[] = [
  { op: "a", what: "add Monsoon", kind: "add", title: "Monsoon", reason: "The service says no.", params: {} },
];

test.each<[string, Partial<SyncStatus>, boolean]>([
  ["Up to date", {}, false],
  ["1 change to send", { pending: 1 }, false],
  ["1 change was refused", { pending: 2, parked }, false],
  ["Syncing", { state: "running" }, false],
  ["Syncing: 1,200 of 5,000", { state: "running", progress: { done: 1200, total: 5000 } }, false],
  ["Offline. 2 changes wait to be sent", { state: "offline", pending: 2, parked }, false],
  ["The service is busy", { state: "waiting" }, false],
  ["Sign in again to sync", { state: "sign_in_needed" }, false],
  ["Syncing did not work", { state: "failed" }, false],
  ["Working offline", { state: "offline" }, true],
  ["Working offline", { state: "sign_in_needed" }, true],
  ["Working offline. 1 change waits to be sent", { pending: 1 }, true],
])("%s", (words, change, offline) => {
  expect(says(status(change), offline).text).toBe(words);
});

test("until when it waits is said", () => {
  const until = new Date();
  expect(says(status({ state: "waiting", until: until.toISOString() }), false).text).toMatch(
    /^The service is busy\. Trying again at \d/,
  );
});
