// What can be done with playlists, from wherever they are shown: each says in a toast what came of it.
import type { PlaylistFormat, PlaylistView, SongView } from "$lib/generated/types";
import { m } from "./paraglide/messages.js";
import { href, router } from "./router.svelte";
import type { App } from "./stores/app.svelte";

/** What the file picker offers. */
export const FILES = ".m3u8,.m3u,.xspf,.json";

/** Makes a playlist. Without songs it is shown, to be filled; with songs one stays where one is. */
export async function create(app: App, name: string, ids: string[]): Promise<void> {
  await app.attempt(async () => {
    const { playlist } = await app.backend.call({ command: "playlist_create", name, ids });
    if (ids.length === 0) router.go(href.playlist(playlist.id));
    else app.toasts.show({ text: m.toast_playlist_added({ name: playlist.name }), action: undo(app) });
  });
}

export async function add(app: App, to: PlaylistView, songs: readonly SongView[]): Promise<void> {
  await app.attempt(async () => {
    const ids = songs.map((song) => song.id);
    await app.backend.call({ command: "playlist_add", playlist: to.id, ids });
    app.toasts.show({ text: m.toast_playlist_added({ name: to.name }), action: undo(app) });
  });
}

/** Deletes it; taken back, it is shown again. */
export async function remove(app: App, { id, name }: PlaylistView): Promise<void> {
  await app.attempt(async () => {
    await app.backend.call({ command: "playlist_delete", playlist: id });
    router.go(href.playlists);
    const { run, label } = undo(app);
    const back = async () => {
      if (await run()) router.go(href.playlist(id));
    };
    app.toasts.show({ text: m.toast_playlist_deleted({ name }), action: { label, run: back } });
  });
}

/** Takes the last change of a playlist back. */
export const undo = (app: App) => ({
  label: m.undo(),
  run: () => app.attempt(() => app.backend.call({ command: "playlist_undo" })),
});

/** Makes a playlist of a file and shows it, with what of it was not found. */
export async function importFile(app: App, file: File): Promise<void> {
  await app.attempt(async () => {
    const name = file.name.replace(/\.[^.]*$/, "");
    const imported = await app.backend.call({ command: "playlist_import", text: await file.text(), name });
    app.playlists.imported = imported;
    router.go(href.playlist(imported.playlist.id));
  });
}

export async function save(app: App, { id }: PlaylistView, format: PlaylistFormat): Promise<void> {
  await app.attempt(async () => {
    const { path } = await app.backend.host({ command: "save_playlist", playlist: id, format });
    app.toasts.show({ text: m.toast_playlist_saved({ path }) });
  });
}
