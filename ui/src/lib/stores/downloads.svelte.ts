// Downloads as they go on, by song.
import { SvelteMap } from "svelte/reactivity";
import type { Event } from "$lib/generated";

type Row = Omit<Extract<Event, { event: "download_changed" }>, "event">;

export class Downloads {
  /** The last that was told of a song's original since the screen opened. */
  readonly rows = new SvelteMap<string, Row>();

  apply(event: Event): void {
    if (event.event === "download_changed" && event.rendition === "original") this.rows.set(event.song_id, event);
  }

  clear(): void {
    this.rows.clear();
  }
}
