// What comes next: the songs of the queue, as far as they show, and the place in it.
import type { Backend, Fact } from "$lib/backend";
import type { NowPlaying, QueueItem, SongView } from "$lib/generated/types";
import { Pages } from "./pages.svelte";

export class Queue {
  /** The place of the song that is on; the queue's length when the queue is over. */
  index = $state(0);
  length = $state(0);
  /** The rows, for a list that shows them. */
  readonly items: Pages<QueueItem>;

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.items = new Pages(async (offset, limit) => {
      const page = await backend.call({ command: "queue_list", offset, limit });
      return { rows: page.items, total: page.total };
    });
  }

  read(now: NowPlaying): void {
    this.#place(now.index, now.queue_len);
  }

  apply(event: Fact): void {
    if (event.event === "queue_changed") {
      this.#place(event.index, event.queue_len);
    } else if (event.event === "playback" && (event.playback === "loading" || event.playback === "started")) {
      this.index = event.index;
    }
  }

  /** Takes the place of the queue and plays from one of the songs on. */
  play(songs: readonly SongView[], start = 0): Promise<unknown> {
    return this.#backend.call({ command: "play", ids: songs.map((song) => song.id), start });
  }

  add(songs: readonly SongView[], place: "next" | "last"): Promise<unknown> {
    return this.#backend.call({ command: "enqueue", ids: songs.map((song) => song.id), place });
  }

  /** Moves an item so that it stands at `to`. Resolves when the rows show it. */
  async move(item: number, to: number): Promise<void> {
    await this.#backend.call({ command: "move_in_queue", item, to });
    await this.items.reload();
  }

  async remove(item: number): Promise<void> {
    await this.#backend.call({ command: "remove_from_queue", item });
    await this.items.reload();
  }

  jump(item: number): Promise<unknown> {
    return this.#backend.call({ command: "jump_in_queue", item });
  }

  clear(): Promise<unknown> {
    return this.#backend.call({ command: "clear_queue" });
  }

  #place(index: number, length: number): void {
    this.index = index;
    this.length = length;
    this.items.expire();
  }
}
