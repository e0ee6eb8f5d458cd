// What Home shows: what was heard last, what is heard most, as it is known here and then as it is now, what was saved last.
import { reportOf, type Backend } from "$lib/backend";
import type { ErrorReport, SongView } from "$lib/generated/types";
import { kept } from "./kept";
import { Steady } from "./steady.svelte";

/** The service's own bound of one answer. */
const TRENDING = 50;
const RECENT = 20;
/** Listens that are looked at for as many different songs. */
const LISTENS = 100;
/** A language gets a shelf of its own from this many songs on; so many languages do at most. */
const SHELF_LEAST = 4;
const SHELVES = 4;

export interface LanguageShelf {
  language: string;
  songs: readonly SongView[];
}

export class Home {
  readonly trending = new Steady<readonly SongView[]>();
  readonly recent = new Steady<readonly SongView[]>();
  readonly played = new Steady<readonly SongView[]>();
  /** Why there is no fresh answer. */
  error = $state.raw<ErrorReport | null>(null);
  /** The fresh answer is under way. */
  asking = $state(false);

  #backend: Backend;
  #reading = 0;
  #readingPlayed = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Shows what is known here, then what the service says. */
  async load(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    this.error = null;
    let answered = false;
    const known = this.#backend.call({ command: "trending", limit: TRENDING, offline: true }).then(
      ({ songs }) => {
        if (!answered && songs.length > 0) this.trending.take(songs);
      },
      () => {}, // The fresh answer says what is wrong.
    );
    try {
      const { songs } = await this.#backend.call({ command: "trending", limit: TRENDING });
      answered = true;
      this.trending.take(songs);
    } catch (thrown) {
      this.error = reportOf(thrown);
    }
    await known;
    this.asking = false;
  }

  /** Each song once, where it was heard last. */
  async readPlayed(): Promise<void> {
    const reading = ++this.#readingPlayed;
    try {
      const { listens } = await this.#backend.call({ command: "history", limit: LISTENS, offset: 0 });
      // A song that comes again keeps the place of its last listen.
      const songs = [...new Map(listens.map(({ song }) => [song.id, song])).values()];
      if (reading === this.#readingPlayed) this.played.take(songs.slice(0, RECENT));
    } catch {
      // The shelf stays as it is; the history's own screen says what is wrong.
    }
  }

  async readRecent(): Promise<void> {
    const reading = ++this.#reading;
    try {
      const { entries } = await this.#backend.call({
        command: "library_list",
        sort: "added",
        order: "desc",
        limit: RECENT,
        offset: 0,
      });
      if (reading === this.#reading) this.recent.take(entries.map((entry) => entry.song));
    } catch {
      // The shelf stays as it is; the library's own screen says what is wrong.
    }
  }
}

/** The songs of each language that has enough of them, most songs first. Where all are of one language: none. */
export function byLanguage(songs: readonly SongView[]): LanguageShelf[] {
  const shelves = new Map<string, SongView[]>();
  for (const song of songs) {
    if (song.language) shelves.set(song.language, [...(shelves.get(song.language) ?? []), song]);
  }
  return [...shelves]
    .map(([language, own]) => ({ language, songs: own }))
    .filter((shelf) => shelf.songs.length >= SHELF_LEAST && shelf.songs.length < songs.length)
    .sort((a, b) => b.songs.length - a.songs.length)
    .slice(0, SHELVES);
}

export const homeOf = kept((app) => new Home(app.backend));
