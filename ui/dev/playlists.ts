// The mock's playlists: three to begin with, changed in memory.
import type { Command, PlaylistItemView, PlaylistView, SongView } from "../src/lib/generated/types";
import { songs } from "./catalogue";

type Own = Extract<Command, { command: `playlist_${string}` }>;
interface Kept {
  id: string;
  name: string;
  items: PlaylistItemView[];
}

const AT = "2026-11-20T18:30:00Z";

export class MockPlaylists {
  lists: Kept[] = [];
  before: Kept[][] = [];
  #next = 1;

  constructor(empty: boolean) {
    if (empty) return;
    this.#make(
      "Monsoon drive",
      songs.slice(0, 14).map((song) => song.id),
    );
    this.#make(
      "सुबह की चाय",
      songs.slice(8, 13).map((song) => song.id),
    );
    this.#make("For Tara, a very long name for a playlist of a few songs", [songs[5]?.id ?? ""]);
  }

  /** Undefined when the command is none of these. */
  answer(command: Own, changed: () => void, unknown: () => never): unknown {
    const own = "playlist" in command ? this.lists.find(({ id }) => id === command.playlist) : undefined;
    if ("playlist" in command && !own) unknown();
    if (command.command === "playlist_list") return { playlists: this.lists.map((list) => this.#view(list)) };
    if (!own && command.command === "playlist_undo") {
      this.lists = this.before.pop() ?? this.lists;
      changed();
      return { change: null, playlist: null };
    }
    if (command.command === "playlist_create" || command.command === "playlist_import") {
      this.#keep();
      const made = command.command === "playlist_create" ? command : { name: command.name ?? "", ids: undefined };
      const list = this.#make(made.name, made.ids ?? []);
      changed();
      return { playlist: this.#view(list), unmatched: [] };
    }
    if (!own) return {};
    if (command.command === "playlist_show") {
      const { offset = 0, limit = 1e9 } = command;
      const items = own.items.map((item, place) => ({ ...item, place })).slice(offset, offset + limit);
      return { playlist: this.#view(own), items };
    }
    this.#keep();
    const list = this.lists.find(({ id }) => id === own.id) ?? own;
    if (command.command === "playlist_rename") list.name = command.name;
    if (command.command === "playlist_delete") this.lists = this.lists.filter(({ id }) => id !== list.id);
    if (command.command === "playlist_add") list.items.push(...this.#items(command.ids));
    if (command.command === "playlist_remove") list.items = list.items.filter(({ id }) => id !== command.item);
    if (command.command === "playlist_move") {
      const [item] = list.items.splice(
        list.items.findIndex(({ id }) => id === command.item),
        1,
      );
      if (item) list.items.splice(command.to, 0, item);
    }
    changed();
    return { playlist: this.#view(list) };
  }

  #keep(): void {
    this.before.push(this.lists.map((list) => ({ ...list, items: [...list.items] })));
  }

  #make(name: string, ids: readonly string[]): Kept {
    const list = { id: `list-${this.#next++}`, name, items: this.#items(ids) };
    this.lists = [...this.lists, list].sort((a, b) => a.name.localeCompare(b.name));
    return list;
  }

  #items(ids: readonly string[]): PlaylistItemView[] {
    return ids.flatMap((id) => {
      const song: SongView | undefined = songs.find((known) => known.id === id);
      return song ? [{ id: `item-${this.#next++}`, place: 0, song, added_at: AT }] : [];
    });
  }

  #view({ id, name, items }: Kept): PlaylistView {
    const duration_s = items.reduce((sum, { song }) => sum + (song.duration_s ?? 0), 0);
    return { id, name, songs: items.length, duration_s, created_at: AT, changed_at: AT };
  }
}
