// The saved songs, against a library of 100,000 in a double of the backend.
import { expect, test } from "vitest";
import * as songs from "$lib/songs";
import { App } from "./app.svelte";
import { Double, later, refusal, settled, song } from "./double";
import { Saved } from "./saved.svelte";

function library(total = 100_000) {
  const backend = new Double();
  backend.answers.library_list = ({ offset, limit }) => ({
    entries: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => ({
      id: `entry-${offset + i}`,
      song: song(`song-${offset + i}`),
      added_at: "2026-01-01T00:00:00Z",
      play_count: 0,
      last_played_at: null,
      pending: offset + i === 1,
      downloaded: false,
    })),
    total,
  });
  const app = new App(backend);
  return { backend, app, saved: new Saved(app) };
}

test("a sort begins with the end that one looks for, and can be turned", async () => {
  const { saved, backend } = library();
  await saved.show({ sort: "title" });
  await saved.show({ order: "desc" });
  await saved.show({ sort: "plays" });
  await saved.show({ filter: "  dil " });
  await saved.show({ language: "ta" });
  expect(
    backend.of("library_list").map(({ sort, order, filter, language }) => [sort, order, filter, language]),
  ).toEqual([
    ["title", "asc", undefined, undefined],
    ["title", "desc", undefined, undefined],
    ["plays", "desc", undefined, undefined],
    ["plays", "desc", "dil", undefined],
    ["plays", "desc", "dil", "ta"],
  ]);
});

test("a row deep in the library costs one page", async () => {
  const { saved, backend } = library();
  await saved.show({});
  expect(saved.entries.at(73_456)).toBeUndefined();
  await settled();
  expect(saved.entries.at(73_456)?.song.id).toBe("song-73456");
  expect(saved.entries.at(1)?.pending).toBe(true);
  expect(backend.of("library_list").map(({ offset, limit }) => [offset, limit])).toEqual([
    [0, 100],
    [73_400, 100],
  ]);
});

test("a row plays on into those that follow, in the order that shows, with some to go back to", async () => {
  const { saved, backend } = library();
  await saved.show({ sort: "artist", filter: "dil" });
  await saved.play(500);
  const [play] = backend.of("play");
  expect(play?.ids).toHaveLength(200);
  expect([play?.ids[0], play?.ids[play.start ?? 0]]).toEqual(["song-480", "song-500"]);
  for (const { sort, filter } of backend.of("library_list")) expect([sort, filter]).toEqual(["artist", "dil"]);
});

test("the first row and a short library play whole", async () => {
  const { saved, backend } = library(3);
  await saved.play(1);
  expect(backend.of("play")).toEqual([{ command: "play", ids: ["song-0", "song-1", "song-2"], start: 1 }]);
});

test("a removed song is offered back at once, and Undo saves it again", async () => {
  const { app, backend } = library();
  const heard = later<{ entries: never[]; state: "idle" }>();
  backend.answers.library_remove = () => heard.promise;
  backend.answers.library_add = () => ({ entries: [], state: "idle" });
  const own = { ...song("a"), in_library: true };
  const removed = songs.remove(app, own);
  // The service has not answered yet.
  expect(songs.isSaved(app, own)).toBe(false);
  expect(app.toasts.current?.action?.label).toBe("Undo");
  app.toasts.use();
  expect(songs.isSaved(app, own)).toBe(true);
  heard.resolve({ entries: [], state: "idle" });
  await removed;
  expect(songs.isSaved(app, own)).toBe(true);
  expect(backend.asked.map(({ command }) => command)).toEqual(["library_remove", "library_add"]);
  expect(app.toasts.current).toBeNull();
});

test("a removal that is refused is none, and is said", async () => {
  const { app, backend } = library();
  backend.answers.library_remove = () => Promise.reject(refusal("read_only"));
  const own = { ...song("a"), in_library: true };
  await songs.remove(app, own);
  expect(songs.isSaved(app, own)).toBe(true);
  expect(app.toasts.current?.action).toBeUndefined();
  expect(app.toasts.current?.text).toContain("data folder");
});

test("what was removed and is in the list again is saved", async () => {
  const { app, saved } = library(3);
  app.saved.set("song-2", false);
  await saved.show({});
  expect(app.saved.get("song-2")).toBe(true);
});
