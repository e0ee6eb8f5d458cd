import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Backend } from "$lib/backend";
import { Refusal } from "$lib/backend";
import type { Command, SongView } from "$lib/generated/types";
import { REST_MS, Search } from "./search.svelte";

type Asked = Extract<Command, { command: "search" }>;
interface Waiting {
  asked: Asked;
  answer: (ids: string[], more?: { total?: number; total_exact?: boolean }) => Promise<void>;
  refuse: (key: string) => Promise<void>;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const turn = () => vi.advanceTimersByTimeAsync(0);
const song = (id: string, title = id) => ({ id, title }) as SongView;

/** A backend whose answers the test gives; `local` and `remote` take the oldest question that still waits. */
function held() {
  const waiting: Waiting[] = [];
  const all: Asked[] = [];
  const call = (command: Command) =>
    new Promise((resolve, reject) => {
      const asked = command as Asked;
      all.push(asked);
      waiting.push({
        asked,
        answer: (ids, { total = ids.length, total_exact = true } = {}) => {
          resolve({ songs: ids.map((id) => song(id)), total, total_exact, skipped: 0, from: "service" });
          return turn().then(() => {});
        },
        refuse: (key) => {
          reject(new Refusal({ code: key, key, params: {}, message: key, request_id: null, retryable: true } as never));
          return turn().then(() => {});
        },
      });
    });
  const take = (offline: boolean) => {
    const at = waiting.findIndex(({ asked }) => asked.offline === offline);
    const [found] = waiting.splice(at, 1);
    if (at < 0 || !found) throw new Error(`Nothing was asked ${offline ? "here" : "of the service"}.`);
    return found;
  };
  return {
    search: new Search({ call } as unknown as Backend),
    local: () => take(true),
    remote: () => take(false),
    remotes: () => all.filter(({ offline }) => !offline).map(({ query }) => query),
    locals: () => all.filter(({ offline }) => offline).map(({ query }) => query),
  };
}
const ids = (search: Search) => search.rows.map(({ id }) => id);

test("one letter is nothing to search for; two are, in any script", async () => {
  const { search, locals } = held();
  search.type("d");
  search.type(" द ");
  search.type("दि"); // a letter with its sign is one
  expect(locals()).toEqual([]);
  expect(search.wanted).toBe(false);
  search.type("दिल");
  expect(locals()).toEqual(["दिल"]);
  expect(search.wanted).toBe(true);
});

test("this machine is asked at once, the service when typing rests", async () => {
  const { search, remotes, locals } = held();
  search.type("di");
  await vi.advanceTimersByTimeAsync(REST_MS - 1);
  search.type("dil");
  await vi.advanceTimersByTimeAsync(REST_MS - 1);
  expect(remotes()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(remotes()).toEqual(["dil"]);
  expect(locals()).toEqual(["di", "dil"]);
});

test("the same question is asked once", async () => {
  const { search, remote, remotes, local } = held();
  search.type("dil");
  await vi.advanceTimersByTimeAsync(REST_MS);
  search.type("dil ");
  search.type("Dil");
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(remotes()).toEqual(["dil"]);
  await local().answer([]);
  await remote().answer(["a"]);
  // Away and back before the service was asked anything else: its answer is still good.
  search.type("dilx");
  search.type("dil");
  await local().answer([]);
  await local().answer([]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(remotes()).toEqual(["dil"]);
  expect(ids(search)).toEqual(["a"]);
  expect(search.remote).toBe("answered");
});

test("what the service adds joins below; nothing that shows moves, nothing is there twice", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  await local().answer(["c", "a"]);
  expect(ids(search)).toEqual(["c", "a"]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(["a", "b", "c", "d", "b"]);
  expect(ids(search)).toEqual(["c", "a", "b", "d"]);
});

test("when the service is first, this machine's songs join below", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(["a", "b"]);
  await local().answer(["z", "a"]);
  expect(ids(search)).toEqual(["a", "b", "z"]);
});

test("late answers to an older question are dropped, and so is its refusal", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  const oldLocal = local();
  await vi.advanceTimersByTimeAsync(REST_MS);
  const old = remote();
  search.type("dilwale");
  await local().answer(["w"]);
  await oldLocal.answer(["late"]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await old.refuse("superseded");
  expect(search.error).toBeNull();
  expect(search.remote).toBe("asked");
  await remote().answer(["x"]);
  expect(ids(search)).toEqual(["w", "x"]);
});

test("the rows of the question before stay until there are others", async () => {
  const { search, local } = held();
  search.type("dil");
  await local().answer(["a"]);
  search.type("dilw");
  expect(ids(search)).toEqual(["a"]);
  expect(search.current).toBe(false);
  await local().answer([]);
  expect(ids(search)).toEqual([]);
  expect(search.current).toBe(true);
  search.type("");
  expect(search.wanted).toBe(false);
});

test("a filter asks anew, without a rest", async () => {
  const { search, local, remote, remotes } = held();
  search.type("dil");
  await local().answer(["a"]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(["a"]);
  search.filter({ language: "ta" });
  await turn();
  expect(remotes()).toHaveLength(2);
  const { asked } = remote();
  expect([asked.language, asked.kind, asked.query]).toEqual(["ta", "all", "dil"]);
});

test("without the service its reason is said and this machine's songs are read on", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  await local().answer(["a"], { total: 120 });
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().refuse("no_connection");
  expect(search.error?.key).toBe("no_connection");
  expect(ids(search)).toEqual(["a"]);
  expect(search.more).toBe(true);
  void search.readOn();
  const next = local();
  expect(next.asked.offset).toBe(50);
  await next.answer(["b"], { total: 120 });
  expect(ids(search)).toEqual(["a", "b"]);
  search.retry();
  await remote().answer(["n"]);
  expect(search.error).toBeNull();
  expect(ids(search)).toEqual(["a", "b", "n"]);
});

test("further pages come until the total, one at a time, below", async () => {
  const { search, local, remote, remotes } = held();
  const page = (from: number) => Array.from({ length: 50 }, (_, i) => `s${from + i}`);
  search.type("dil");
  await local().answer([]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(page(0), { total: 70 });
  expect(search.more).toBe(true);
  void search.readOn();
  void search.readOn();
  expect(remotes()).toHaveLength(2);
  const next = remote();
  expect(next.asked.offset).toBe(50);
  await next.answer(["s49", "s50"], { total: 70 });
  expect(search.rows).toHaveLength(51);
  expect(search.more).toBe(false);
  expect(search.paging).toBe(false);
});

test("a further page of an older question is dropped", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  await local().answer([]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(["a"], { total: 200 });
  void search.readOn();
  const late = remote();
  search.type("rain");
  await local().answer(["r"]);
  await late.answer(["b"]);
  expect(ids(search)).toEqual(["r"]);
  expect(search.paging).toBe(false);
});

test("a service that promises more and brings nothing is left alone", async () => {
  const { search, local, remote } = held();
  search.type("dil");
  await local().answer([]);
  await vi.advanceTimersByTimeAsync(REST_MS);
  await remote().answer(["a"], { total: 200 });
  void search.readOn();
  await remote().answer([], { total: 200 });
  expect(search.more).toBe(false);
});

test("Enter does not wait for the rest, and gets the first that come", async () => {
  const { search, local, remote, remotes } = held();
  search.type("dil");
  const first = search.settle();
  expect(remotes()).toEqual(["dil"]);
  await local().answer([]);
  await remote().answer(["a", "b"]);
  expect((await first).map(({ id }) => id)).toEqual(["a", "b"]);

  search.type("rain");
  const overtaken = search.settle();
  search.type("rainy");
  await local().answer(["old"]);
  await remote().refuse("superseded");
  expect(await overtaken).toEqual([]);
});
