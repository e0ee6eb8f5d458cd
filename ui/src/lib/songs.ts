// What can be done with a song, from any list: each says in a toast what came of it.
import type { Rendition, Replies, SongView } from "$lib/generated/types";
import { m } from "./paraglide/messages.js";
import { href, router } from "./router.svelte";
import type { App } from "./stores/app.svelte";

/** Whether a song is saved, also when the list that shows it was read before that. */
export const isSaved = (app: App, song: SongView): boolean => app.saved.get(song.id) ?? song.in_library;

export async function save(app: App, song: SongView): Promise<void> {
  await keep(app, song, ({ entries, state }) => {
    const waits = state !== "idle" && entries.some((entry) => entry.pending);
    app.toasts.show({ text: waits ? m.toast_saved_waiting() : m.toast_saved() });
  });
}

/** The answer comes when the service has heard of it or did not listen; the toast does not wait for that. */
export async function remove(app: App, song: SongView): Promise<void> {
  app.saved.set(song.id, false);
  app.toasts.show({ text: m.toast_removed(), action: { label: m.undo(), run: () => keep(app, song) } });
  const done = await app.attempt(() => app.backend.call({ command: "library_remove", ids: [song.id] }));
  if (!done) app.saved.set(song.id, true);
}

async function keep(app: App, song: SongView, then: (changed: Replies["library_add"]) => void = () => {}) {
  app.saved.set(song.id, true);
  const done = await app.attempt(async () => {
    then(await app.backend.call({ command: "library_add", ids: [song.id] }));
  });
  if (!done) app.saved.set(song.id, false);
}

export async function enqueue(app: App, song: SongView, place: "next" | "last"): Promise<void> {
  await app.attempt(async () => {
    await app.queue.add([song], place);
    app.toasts.show({ text: place === "next" ? m.toast_queued_next() : m.toast_queued_last() });
  });
}

/** Plays a song without its voice; when it is on, it goes on at the same place. */
export async function sing(app: App, song: SongView): Promise<void> {
  await app.attempt(() =>
    app.playback.song?.id === song.id
      ? app.playback.choose("instrumental")
      : app.backend.call({ command: "play", ids: [song.id], rendition: "instrumental" }),
  );
}

export async function download(app: App, song: SongView, rendition: Rendition = "original"): Promise<void> {
  await app.attempt(async () => {
    app.toasts.show({ text: m.toast_downloading() });
    await app.backend.call({ command: "download", ids: [song.id], rendition });
  });
}

/** Every saved song, or these. */
export async function downloadAll(app: App, ids?: string[]): Promise<void> {
  const show = { label: m.toast_show(), run: () => router.go(href.downloads) };
  app.toasts.show({ text: m.toast_downloading(), ...(router.route.name === "downloads" ? {} : { action: show }) });
  await app.attempt(() =>
    ids
      ? app.backend.call({ command: "download", ids, rendition: "original" })
      : app.backend.call({ command: "download_saved", rendition: "original" }),
  );
}

const LOOKED_AT = 40;
const lookedAt = new Map<string, SongView>();

/** Keeps what is known of a song for the screen that shows it whole: it has something to show at once. */
export function remember(song: SongView): void {
  lookedAt.delete(song.id);
  lookedAt.set(song.id, song);
  for (const oldest of lookedAt.keys()) {
    if (lookedAt.size <= LOOKED_AT) break;
    lookedAt.delete(oldest);
  }
}

export const remembered = (id: string): SongView | undefined => lookedAt.get(id);
