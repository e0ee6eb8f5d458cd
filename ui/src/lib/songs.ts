// What can be done with a song, from any list: each says in a toast what came of it.
import type { SongView } from "$lib/generated";
import { m } from "./paraglide/messages.js";
import type { App } from "./stores/app.svelte";

export async function save(app: App, song: SongView): Promise<void> {
  await app.attempt(async () => {
    const { entries, state } = await app.backend.call({ command: "library_add", ids: [song.id] });
    const waits = state !== "idle" && entries.some((entry) => entry.pending);
    app.toasts.show({ text: waits ? m.toast_saved_waiting() : m.toast_saved() });
  });
}

export async function remove(app: App, song: SongView): Promise<void> {
  await app.attempt(async () => {
    await app.backend.call({ command: "library_remove", ids: [song.id] });
    app.toasts.show({
      text: m.toast_removed(),
      action: {
        label: m.undo(),
        run: () => app.attempt(() => app.backend.call({ command: "library_add", ids: [song.id] })),
      },
    });
  });
}

export async function enqueue(app: App, song: SongView, place: "next" | "last"): Promise<void> {
  await app.attempt(async () => {
    await app.queue.add([song], place);
    app.toasts.show({ text: place === "next" ? m.toast_queued_next() : m.toast_queued_last() });
  });
}

export async function download(app: App, song: SongView): Promise<void> {
  await app.attempt(async () => {
    app.toasts.show({ text: m.toast_downloading() });
    await app.backend.call({ command: "download", ids: [song.id], rendition: "original" });
  });
}
