// The history: by day, further back, and each listen once.
import { expect, test } from "vitest";
import type { ListenView } from "$lib/generated/types";
import { Double, later, refusal, song } from "./double";
import { byDay, History } from "./history.svelte";
import { Home } from "./home.svelte";

const NOW = new Date(2026, 10, 22, 21, 0);

const listen = (id: number, began: Date, of = `song-${id}`): ListenView => ({
  id: `listen-${id}`,
  song: song(of),
  rendition: "original",
  began_at: began.toISOString(),
  seconds: 100,
  completed: true,
  counted: true,
});

function heard(total: number) {
  const backend = new Double();
  const all = Array.from({ length: total }, (_, i) => listen(i, new Date(NOW.getTime() - i * 3_600_000)));
  backend.answers.history = ({ offset, limit }) => ({
    listens: all.slice(offset, offset + limit),
    total: all.length,
  });
  return { backend, all, history: new History(backend) };
}

test("listens stand under the day on which they began, by the clock of this machine", () => {
  const days = byDay(
    [
      listen(1, new Date(2026, 10, 22, 0, 1)),
      listen(2, new Date(2026, 10, 21, 23, 59)),
      listen(3, new Date(2026, 10, 18, 12)),
      listen(4, new Date(2025, 11, 31, 12)),
    ],
    NOW,
  );
  expect(days.map(({ name }) => name)).toEqual([
    "Today",
    "Yesterday",
    "Wednesday, November 18",
    "Wednesday, December 31, 2025",
  ]);
});

test("it goes on further back, and a listen that came meanwhile is not shown twice", async () => {
  const { history, all } = heard(250);
  await history.read();
  expect([history.listens?.length, history.more]).toEqual([100, true]);
  all.unshift(listen(999, NOW));
  await history.readOn();
  const ids = history.listens?.map(({ id }) => id) ?? [];
  expect(ids.length).toBe(199);
  expect(new Set(ids).size).toBe(ids.length);
  // Read anew, the newest is there and nothing that showed is gone.
  await history.read();
  expect(history.listens?.[0]?.id).toBe("listen-999");
  expect(history.listens?.length).toBeGreaterThanOrEqual(199);
});

test("at its end nothing more is asked for", async () => {
  const { history, backend } = heard(100);
  await history.read();
  await history.readOn();
  expect(history.more).toBe(false);
  expect(backend.of("history")).toHaveLength(1);
});

test("what cannot be read is said, and what shows stays", async () => {
  const { history, backend } = heard(3);
  await history.read();
  backend.answers.history = () => Promise.reject(refusal("damaged"));
  await history.read();
  expect([history.error?.key, history.listens?.length]).toEqual(["damaged", 3]);
});

test("the shelf has each song once, where it was heard last; an older answer that comes late is dropped", async () => {
  const backend = new Double();
  const slow = later<{ listens: ListenView[]; total: number }>();
  const home = new Home(backend);
  backend.answers.history = () => slow.promise;
  const late = home.readPlayed();
  backend.answers.history = () => ({
    listens: [listen(1, NOW, "b"), listen(2, NOW, "a"), listen(3, NOW, "b"), listen(4, NOW, "c")],
    total: 4,
  });
  await home.readPlayed();
  slow.resolve({ listens: [listen(9, NOW, "z")], total: 1 });
  await late;
  expect(home.played.shown?.map(({ id }) => id)).toEqual(["b", "a", "c"]);
});
