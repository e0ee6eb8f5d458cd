// Finding songs: what is on this machine at once, what the service knows below it. No row that shows is ever moved.
import { reportOf, type Backend } from "$lib/backend";
import type { ErrorReport, SearchType, SongView } from "$lib/generated/types";
import { kept } from "./kept";

/** How long typing must rest before the service is asked, in ms. */
export const REST_MS = 300;
/** Letters, as a reader counts them, from which on it is searched. */
const LEAST = 2;
/** The service's own bound of one answer. */
const PAGE = 50;

export type Kind = SearchType;

export interface Filters {
  kind: Kind;
  /** Null for all. */
  language: string | null;
}

interface Wanted extends Filters {
  text: string;
  /** The same for the same question. */
  key: string;
}

/** How far one source of rows has been read. */
interface Reach {
  next: number;
  more: boolean;
}

/** One question to the service, and what came of it. */
interface Ask {
  key: string;
  answer: { songs: readonly SongView[]; total: number; reach: Reach } | null;
}

/** `no`: it is not to be asked. `soon`: typing goes on. `asked`: it is asked. */
export type Remote = "no" | "soon" | "asked" | "answered" | "failed";

export class Search {
  /** As typed. */
  text = $state("");
  filters = $state.raw<Filters>({ kind: "all", language: null });
  /** Why the service's answer could not be kept on this machine, if it could not. */
  notKept = $state.raw<ErrorReport | null>(null);
  /** What is found, in the order in which it came. */
  rows = $state.raw<readonly SongView[]>([]);
  /** The rows, or that there are none, answer what is typed. Until then they are of the question before. */
  current = $state(false);
  remote = $state<Remote>("no");
  /** How many the service has, once it has said. */
  total = $state<number | null>(null);
  /** There are rows beyond those that show. */
  more = $state(false);
  /** A further page is under way. */
  paging = $state(false);
  /** Why the service did not answer. */
  error = $state.raw<ErrorReport | null>(null);
  /** Where the list was scrolled to when it was left. */
  scrolled = 0;

  #backend: Backend;
  #wanted: Wanted | null = null;
  /** What the rows answer. */
  #shown: string | null = null;
  #ask: Ask | null = null;
  #here: Reach = { next: 0, more: false };
  #there: Reach = { next: 0, more: false };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #local: Promise<void> = Promise.resolve();
  #asking: Promise<void> = Promise.resolve();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** There is enough to search for. */
  get wanted(): boolean {
    return this.remote !== "no";
  }

  type(text: string): void {
    this.text = text;
    this.#want(REST_MS);
  }

  filter(change: Partial<Filters>): void {
    this.filters = { ...this.filters, ...change };
    this.#want(0);
  }

  /** Asks the service now, and gives the first songs that come from anywhere. */
  async settle(): Promise<readonly SongView[]> {
    // What was typed last may not have been looked at yet.
    this.#want(REST_MS);
    const wanted = this.#wanted;
    if (!wanted) return [];
    if (this.remote === "soon") this.#askNow(wanted);
    await this.#local;
    if (this.#shown !== wanted.key || this.rows.length === 0) await this.#asking;
    return this.#wanted === wanted && this.#shown === wanted.key ? this.rows : [];
  }

  /** Asks again after a failure: for the rows, or for the further page that did not come. */
  retry(): void {
    if (!this.#wanted) return;
    this.error = null;
    this.#ask = null;
    this.#askNow(this.#wanted);
  }

  /** Reads on below the last row. */
  async readOn(): Promise<void> {
    const wanted = this.#wanted;
    const ask = this.#ask;
    if (!wanted || !this.more || this.paging || (this.remote !== "answered" && this.remote !== "failed")) return;
    const offline = !this.#there.more;
    this.paging = true;
    try {
      const reach = offline ? this.#here : this.#there;
      const { songs, next } = await this.#page(wanted, reach.next, offline);
      if (this.#wanted !== wanted || this.#ask !== ask) return;
      if (offline) this.#here = next;
      else this.#there = next;
      this.#join(songs);
    } catch (thrown) {
      if (this.#wanted !== wanted || this.#ask !== ask) return;
      // What is left is what is on this machine.
      this.#there = { ...this.#there, more: false };
      this.error = reportOf(thrown);
      this.remote = "failed";
    } finally {
      this.paging = false;
      this.#count();
    }
  }

  #want(rest: number): void {
    const wanted = this.#read();
    if (wanted?.key === this.#wanted?.key) return;
    clearTimeout(this.#timer);
    this.#wanted = wanted;
    this.current = false;
    this.more = false;
    this.error = null;
    this.total = null;
    if (!wanted) {
      this.remote = "no";
      this.rows = [];
      this.#shown = null;
      return;
    }
    this.remote = "soon";
    this.#here = this.#there = { next: 0, more: false };
    this.#local = this.#lookHere(wanted);
    this.#timer = setTimeout(() => this.#askNow(wanted), rest);
  }

  #read(): Wanted | null {
    const text = this.text.normalize("NFC").trim().replace(/\s+/g, " ");
    const letters = [...new Intl.Segmenter().segment(text)].length;
    if (letters < LEAST) return null;
    return { ...this.filters, text, key: JSON.stringify([text.toLowerCase(), this.filters]) };
  }

  async #lookHere(wanted: Wanted): Promise<void> {
    try {
      const { songs, next } = await this.#page(wanted, 0, true);
      if (this.#wanted !== wanted) return;
      this.#here = next;
      this.#show(wanted.key, songs);
    } catch {
      // The service is asked as well; it says what is wrong.
    }
  }

  #askNow(wanted: Wanted): void {
    clearTimeout(this.#timer);
    // Typed away and back again: the answer is here, or still comes.
    if (this.#ask?.key === wanted.key) {
      this.remote = this.#ask.answer ? "answered" : "asked";
      this.#takeAnswer(this.#ask);
      return;
    }
    this.remote = "asked";
    const ask: Ask = { key: wanted.key, answer: null };
    this.#ask = ask;
    this.#asking = this.#lookThere(wanted, ask);
  }

  async #lookThere(wanted: Wanted, ask: Ask): Promise<void> {
    try {
      const { songs, total, next } = await this.#page(wanted, 0, false);
      ask.answer = { songs, total, reach: next };
      this.#takeAnswer(ask);
    } catch (thrown) {
      // A newer question took the place of this one: nobody waits for it any more.
      if (this.#ask !== ask) return;
      this.#ask = null;
      if (this.#wanted?.key !== ask.key) return;
      this.error = reportOf(thrown);
      this.remote = "failed";
      await this.#local;
      this.#count();
    }
  }

  #takeAnswer(ask: Ask): void {
    if (!ask.answer || this.#ask !== ask || this.#wanted?.key !== ask.key) return;
    this.remote = "answered";
    this.total = ask.answer.total;
    this.#there = ask.answer.reach;
    this.#show(ask.key, ask.answer.songs);
  }

  async #page(wanted: Wanted, offset: number, offline: boolean) {
    const { songs, total, total_exact, skipped, not_kept } = await this.#backend.call({
      command: "search",
      query: wanted.text,
      kind: wanted.kind,
      ...(wanted.language ? { language: wanted.language } : {}),
      limit: PAGE,
      offset,
      offline,
    });
    if (!offline && this.#wanted === wanted) this.notKept = not_kept ?? null;
    const came = songs.length + skipped;
    // A service that promises more and brings nothing is not asked for ever.
    const more = came > 0 && (total_exact ? offset + PAGE < total : came >= PAGE);
    return { songs, total, next: { next: offset + PAGE, more } };
  }

  /** The first songs for a question take the place of those for the one before; whatever comes later joins below. */
  #show(key: string, songs: readonly SongView[]): void {
    if (this.#shown !== key) {
      this.rows = [];
      this.#shown = key;
    }
    this.current = true;
    this.#join(songs);
    this.#count();
  }

  #join(songs: readonly SongView[]): void {
    const places = new Map(this.rows.map((song, place) => [song.id, place]));
    const rows = [...this.rows];
    for (const song of songs) {
      const place = places.get(song.id);
      if (place === undefined) {
        places.set(song.id, rows.length);
        rows.push(song);
      } else {
        rows[place] = song;
      }
    }
    this.rows = rows;
  }

  #count(): void {
    this.more = this.#there.more || (this.remote === "failed" && this.#here.more);
  }
}

export const searchOf = kept((app) => new Search(app.backend));
