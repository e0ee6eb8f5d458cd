// Playlists, against a few in a double of the backend.
import { expect, test } from "vitest";
import * as playlists from "$lib/playlists";
import type { PlaylistItemView, PlaylistView } from "$lib/generated/types";
import { href, router } from "$lib/router.svelte";
import { App } from "./app.svelte";
import { Double, overview, refusal, settled, song } from "./double";
import { OnePlaylist } from "./playlists.svelte";

const view = (id: string, songs = 0): PlaylistView => ({
  id,
  name: `List ${id}`,
  songs,
  duration_s: songs * 200,
  created_at: "2026-01-01T00:00:00Z",
  changed_at: "2026-01-01T00:00:00Z",
});

const item = (place: number): PlaylistItemView => ({
  id: `item-${place}`,
  place,
  song: song(`song-${place}`),
  added_at: "2026-01-01T00:00:00Z",
});

async function started(total = 250) {
  const backend = new Double();
  backend.answers.overview = () => overview();
  backend.answers.playlist_list = () => ({ playlists: [view("a"), view("b")] });
  backend.answers.playlist_show = ({ offset = 0, limit = 0 }) => ({
    playlist: view("a", total),
    items: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => item(offset + i)),
  });
  backend.answers.playlist_create = ({ name }) => ({ playlist: { ...view("new"), name } });
  backend.answers.playlist_undo = () => ({ change: "deleted", playlist: view("a") });
  const app = new App(backend);
  await app.start();
  return { app, backend };
}

test("the names are read, and read again when one of them changed", async () => {
  const { app, backend } = await started();
  await app.playlists.read();
  expect(app.playlists.all?.map(({ id }) => id)).toEqual(["a", "b"]);
  const before = app.playlists.revision;
  backend.tell({ event: "playlists_changed" });
  expect(app.playlists.revision).toBeGreaterThan(before);
  backend.tell({ event: "session_changed", signed_in: true });
  // Another account's are not shown while its own are read.
  expect(app.playlists.all).toBeNull();
});

test("names that cannot be read stay as they were", async () => {
  const { app, backend } = await started();
  await app.playlists.read();
  backend.answers.playlist_list = () => Promise.reject(refusal("busy"));
  await app.playlists.read();
  expect(app.playlists.all).toHaveLength(2);
});

test("a row is moved and removed by its item, not by its song, and the list is read again", async () => {
  const { backend } = await started();
  const one = new OnePlaylist(backend, "a");
  await one.read();
  await one.move(3, 7);
  await one.remove(1);
  expect(backend.of("playlist_move")).toEqual([{ command: "playlist_move", playlist: "a", item: "item-3", to: 7 }]);
  expect(backend.of("playlist_remove")).toEqual([{ command: "playlist_remove", playlist: "a", item: "item-1" }]);
  expect(backend.of("playlist_show").filter(({ offset }) => offset === 0)).toHaveLength(3);
});

test("a row plays on into those that follow, with some to go back to", async () => {
  const { backend } = await started();
  const one = new OnePlaylist(backend, "a");
  await one.play(100);
  const [play] = backend.of("play");
  expect([play?.ids[0], play?.ids[play.start ?? 0], play?.ids.length]).toEqual(["song-80", "song-100", 170]);
});

test("one that is gone says so", async () => {
  const { backend } = await started();
  backend.answers.playlist_show = () => Promise.reject(refusal("unknown_playlist"));
  const one = new OnePlaylist(backend, "a");
  await one.read();
  expect(one.error?.key).toBe("unknown_playlist");
  expect(one.playlist).toBeNull();
});

test("an empty one that was made is shown; one made of a song is told in a toast with Undo", async () => {
  const { app, backend } = await started();
  await playlists.create(app, "Monsoon", []);
  await settled();
  expect(location.hash).toBe(href.playlist("new"));
  expect(app.toasts.current).toBeNull();
  router.go(href.library);
  await playlists.create(app, "Rain", ["song-1"]);
  await settled();
  expect(location.hash).toBe(href.library);
  expect(app.toasts.current?.text).toBe("Added to “Rain”.");
  app.toasts.use();
  await settled();
  expect(backend.of("playlist_undo")).toHaveLength(1);
});

test("a deleted one is left, and shown again when it is taken back", async () => {
  const { app } = await started();
  router.go(href.playlist("a"));
  await playlists.remove(app, view("a"));
  expect(location.hash).toBe(href.playlists);
  app.toasts.use();
  await settled();
  await settled();
  expect(location.hash).toBe(href.playlist("a"));
});

test("a deletion that is refused leaves one where one is", async () => {
  const { app, backend } = await started();
  router.go(href.playlist("a"));
  backend.answers.playlist_delete = () => Promise.reject(refusal("read_only"));
  await playlists.remove(app, view("a"));
  expect(location.hash).toBe(href.playlist("a"));
  expect(app.toasts.current?.action).toBeUndefined();
});

test("a file becomes a playlist under its name, with what of it was not found", async () => {
  const { app, backend } = await started();
  const unmatched = [{ place: 1, title: "Nowhere", artist: "Nobody", duration_s: null }];
  backend.answers.playlist_import = () => ({ playlist: view("new"), unmatched });
  await playlists.importFile(app, new File(["#EXTM3U"], "For the road.m3u8"));
  expect(backend.of("playlist_import")).toEqual([
    { command: "playlist_import", text: "#EXTM3U", name: "For the road" },
  ]);
  expect(location.hash).toBe(href.playlist("new"));
  expect(app.playlists.imported?.unmatched).toEqual(unmatched);
});
