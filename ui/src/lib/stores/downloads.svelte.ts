// Downloads as they go on, by song.
import { SvelteMap } from "svelte/reactivity";
import type { Fact } from "$lib/backend";
import type { DownloadRow } from "$lib/generated/types";

export class Downloads {
  /** The last that was told of a song's original since the screen opened. */
  readonly rows = new SvelteMap<string, DownloadRow>();

  apply(event: Fact): void {
    if (event.event === "download_changed" && event.rendition === "original") this.rows.set(event.song_id, event);
  }

  clear(): void {
    this.rows.clear();
  }
}
