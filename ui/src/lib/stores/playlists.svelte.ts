// The listener's playlists: their names, as the rail and the menus show them, and one of them with its rows.
import type { Backend, Fact } from "$lib/backend";
import { reportOf } from "$lib/backend";
import type { ErrorReport, ImportedPlaylist, PlaylistItemView, PlaylistView } from "$lib/generated/types";
import { Pages } from "./pages.svelte";

/** The core's own bound of one answer. */
const MOST = 500;
/** How many songs before the one that was asked for come into the queue, to go back to. */
const BEFORE = 20;

export class Playlists {
  /** All, by name; null until they were read. */
  all = $state.raw<readonly PlaylistView[] | null>(null);
  /** Grows whenever one of them changed: who shows one reads it again. */
  revision = $state(0);
  /** One that is to be made, with these songs: its name is asked for. */
  naming = $state.raw<{ ids: string[] } | null>(null);
  /** What came of the last file, until it is put away. */
  imported = $state.raw<ImportedPlaylist | null>(null);

  #backend: Backend;
  #reading = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  apply(event: Fact): void {
    if (event.event === "playlists_changed") this.revision += 1;
  }

  clear(): void {
    this.all = this.naming = this.imported = null;
    this.revision += 1;
  }

  /** What cannot be read stays as it is; a playlist's own screen says what is wrong. */
  async read(): Promise<void> {
    const reading = ++this.#reading;
    const answer = await this.#backend.call({ command: "playlist_list" }).catch(() => null);
    if (answer && reading === this.#reading) this.all = answer.playlists;
  }
}

/** One playlist, with its rows as far as they show. */
export class OnePlaylist {
  /** Null until it is here. */
  playlist = $state.raw<PlaylistView | null>(null);
  error = $state.raw<ErrorReport | null>(null);
  readonly items: Pages<PlaylistItemView>;

  #backend: Backend;

  constructor(
    backend: Backend,
    readonly id: string,
  ) {
    this.#backend = backend;
    this.items = new Pages(async (offset, limit) => {
      const { playlist, items } = await this.#show(offset, limit);
      this.playlist = playlist;
      return { rows: items, total: playlist.songs };
    });
  }

  /** Reads it anew; resolves when its rows show. */
  async read(): Promise<void> {
    await this.items.reload();
    this.error = this.items.error;
  }

  async rename(name: string): Promise<void> {
    const { playlist } = await this.#backend.call({ command: "playlist_rename", playlist: this.id, name });
    this.playlist = playlist;
  }

  /** Moves a row so that it stands at `to`. Resolves when the rows show it. */
  async move(from: number, to: number): Promise<void> {
    const item = this.items.at(from);
    if (!item) return;
    await this.#backend.call({ command: "playlist_move", playlist: this.id, item: item.id, to });
    await this.items.reload();
  }

  async remove(index: number): Promise<void> {
    const item = this.items.at(index);
    if (!item) return;
    await this.#backend.call({ command: "playlist_remove", playlist: this.id, item: item.id });
    await this.items.reload();
  }

  /** The ids of its songs, each once. */
  async songs(): Promise<string[]> {
    const { items } = await this.#backend.call({ command: "playlist_show", playlist: this.id });
    return [...new Set(items.map(({ song }) => song.id))];
  }

  /** Plays from a row on: some songs before it, and those that follow, as many as one answer holds. */
  async play(index: number): Promise<void> {
    const from = Math.max(0, index - BEFORE);
    const { items } = await this.#show(from, MOST);
    const ids = items.map(({ song }) => song.id);
    await this.#backend.call({ command: "play", ids, start: index - from });
  }

  async #show(offset: number, limit: number) {
    try {
      return await this.#backend.call({ command: "playlist_show", playlist: this.id, offset, limit });
    } catch (thrown) {
      this.error = reportOf(thrown);
      throw thrown;
    }
  }
}
