// The stores together, against a double of the backend.
import { expect, test } from "vitest";
import { m } from "$lib/paraglide/messages.js";
import { App } from "./app.svelte";
import { Double, later, nowPlaying, overview, refusal, report, settled, song } from "./double";
import type { Overview } from "$lib/generated/types";

async function started(answer: Overview = overview()) {
  const backend = new Double();
  backend.answers.overview = () => answer;
  const app = new App(backend);
  await app.start();
  return { backend, app };
}

test("one overview fills every store", async () => {
  const { app, backend } = await started(
    overview({
      sync: { state: "offline", entries: 4, pending: 2, parked: [], uncertain: 0, until: null },
      now_playing: nowPlaying({
        status: "paused",
        item: { item: 7, song: song("a") },
        index: 3,
        queue_len: 9,
        at_s: 12,
      }),
      preferences: { language: "hi", theme: "dark" },
    }),
  );
  expect(app.ready).toBe(true);
  expect(app.session.account?.user.phone_masked).toBe("+91 ••••••3210");
  expect(app.sync.status.pending).toBe(2);
  expect([app.playback.song?.id, app.playback.at, app.queue.index, app.queue.length]).toEqual(["a", 12, 3, 9]);
  expect([document.documentElement.lang, document.documentElement.dataset.theme]).toEqual(["hi", "dark"]);
  expect(m.rail_search()).toBe("खोजें");
  expect(backend.asked.map(({ command }) => command)).toEqual(["overview"]);
  await app.preferences.choose({ language: "en", theme: "system" });
  expect(m.rail_search()).toBe("Search");
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

test("what happens while an overview is under way is newer than it, in its order", async () => {
  const backend = new Double();
  const answer = later<Overview>();
  backend.answers.overview = () => answer.promise;
  const app = new App(backend);
  const start = app.start();
  await settled();
  backend.tell({ event: "queue_changed", index: 1, queue_len: 5 });
  backend.tell({ event: "queue_changed", index: 2, queue_len: 6 });
  answer.resolve(overview({ now_playing: nowPlaying({ index: 0, queue_len: 4 }) }));
  await start;
  expect([app.queue.index, app.queue.length]).toEqual([2, 6]);
});

test.each([{ event: "missed" }, { event: "service_changed" }, { event: "session_changed", signed_in: false }] as const)(
  "everything is read anew after $event",
  async (event) => {
    const { app, backend } = await started();
    backend.answers.overview = () => overview({ session: null });
    backend.tell(event);
    await settled();
    expect(app.session.account).toBeNull();
    expect(backend.of("overview")).toHaveLength(2);
  },
);

test("of two overviews the later asked counts, whichever comes first", async () => {
  const { app, backend } = await started();
  const slow = later<Overview>();
  backend.answers.overview = () => slow.promise;
  const first = app.refresh();
  backend.answers.overview = () => overview({ session: null });
  await app.refresh();
  slow.resolve(overview());
  await first;
  expect(app.session.account).toBeNull();
});

test("a start that fails says why, and another try mends it", async () => {
  const backend = new Double();
  backend.answers.overview = () => Promise.reject(refusal("newer"));
  const app = new App(backend);
  await app.start();
  expect([app.ready, app.failure?.key]).toEqual([false, "newer"]);
  backend.answers.overview = () => overview();
  await app.refresh();
  expect([app.ready, app.failure]).toEqual([true, null]);
});

test("a refusal of what a listener asked for is a toast in the screen's language", async () => {
  const { app } = await started();
  expect(await app.attempt(() => Promise.reject(refusal("no_device")))).toBe(false);
  expect(app.toasts.current?.text).toBe(m.error_no_device());
  expect(await app.attempt(async () => {})).toBe(true);
});

test("a song that failed is told", async () => {
  const { app, backend } = await started();
  const error = report("bad_audio");
  const row = { song_id: "a", seconds: 0, first_sample_ms: null, format: null };
  backend.tell({ event: "playback", playback: "finished", ...row, error: null });
  expect(app.toasts.current).toBeNull();
  backend.tell({ event: "playback", playback: "finished", ...row, error });
  expect(app.toasts.current?.text).toBe(m.error_bad_audio());
});

test("a choice that could not be kept is taken back", async () => {
  const { app, backend } = await started();
  backend.answers.set_preferences = () => Promise.reject(refusal("read_only"));
  await expect(app.preferences.choose({ theme: "dark" })).rejects.toThrow();
  expect([app.preferences.theme, document.documentElement.dataset.theme]).toEqual(["system", undefined]);
});

test("rows of the library are old after each change, and sync tells where it stands", async () => {
  const { app, backend } = await started();
  const { revision } = app.sync;
  backend.tell({ event: "library_changed" });
  expect(app.sync.revision).toBe(revision + 1);
  backend.tell({
    event: "sync_changed",
    state: "waiting",
    entries: 1,
    pending: 3,
    parked: [],
    uncertain: 0,
    until: null,
  });
  expect([app.sync.status.state, app.sync.status.pending]).toEqual(["waiting", 3]);
});

test("a download is known by its song while it runs, an instrumental's is not the song's", async () => {
  const { app, backend } = await started();
  const row = { song_id: "a", bytes: 1, total: 2, title: null, artist: null, state: "running" } as const;
  backend.tell({ event: "download_changed", rendition: "instrumental", ...row });
  expect(app.downloads.rows.has("a")).toBe(false);
  backend.tell({ event: "download_changed", rendition: "original", ...row });
  expect(app.downloads.rows.get("a")?.state).toBe("running");
});

test("the queue is moved by the core, and read anew after it", async () => {
  const { app, backend } = await started();
  let rows = ["a", "b", "c"].map((id, item) => ({ item, song: song(id) }));
  backend.answers.queue_list = ({ offset, limit }) => ({
    items: rows.slice(offset, offset + limit),
    offset,
    total: rows.length,
    index: 0,
  });
  app.queue.items.at(0);
  await settled();
  expect(app.queue.items.at(2)?.song.id).toBe("c");
  backend.answers.move_in_queue = () => {
    rows = [rows[2]!, rows[0]!, rows[1]!];
    return {};
  };
  await app.queue.move(2, 0);
  expect([0, 1, 2].map((i) => app.queue.items.at(i)?.song.id)).toEqual(["c", "a", "b"]);
  expect(backend.of("move_in_queue")).toEqual([{ command: "move_in_queue", item: 2, to: 0 }]);
});

test("after the end nothing more is heard", async () => {
  const { app, backend } = await started();
  app.stop();
  backend.tell({ event: "queue_changed", index: 5, queue_len: 8 });
  expect(app.queue.length).toBe(0);
});
