// One song, whole: what is known of it at once, then with its lyrics and what was measured.
import { reportOf, type Backend } from "$lib/backend";
import type { ErrorReport, FullSong, SongView } from "$lib/generated/types";

export class Detail {
  /** What is known so far; null while it is nothing. */
  song = $state.raw<SongView | null>(null);
  /** The whole song, once it is here. */
  full = $state.raw<FullSong | null>(null);
  error = $state.raw<ErrorReport | null>(null);

  #backend: Backend;
  #id: string | null = null;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Shows a song; `known` is what a list had of it. */
  async open(id: string, known: SongView | null): Promise<void> {
    this.#id = id;
    this.song = known;
    this.full = null;
    this.error = null;
    try {
      const { song } = await this.#backend.call({ command: "song", id });
      if (this.#id !== id) return;
      this.song = this.full = song;
    } catch (thrown) {
      if (this.#id === id) this.error = reportOf(thrown);
    }
  }
}

/** Lyrics as verses of lines: an empty line parts two verses. */
export function verses(lyrics: string): string[][] {
  return lyrics
    .replace(/\r\n?/g, "\n")
    .split(/\n\s*\n/)
    .map((verse) =>
      verse
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    )
    .filter((verse) => verse.length > 0);
}

export interface Fact {
  key: string;
  value: string | number;
}

const MEASURED = ["bpm", "key", "energy", "danceability"];

/** What was measured, in the order of `MEASURED`: what is a word or a number. Whatever else came is for machines. */
export function facts(metadata: FullSong["metadata"]): Fact[] {
  return MEASURED.flatMap((key) => {
    const value = metadata?.[key];
    return (typeof value === "string" && value.trim() !== "") || typeof value === "number" ? [{ key, value }] : [];
  });
}
