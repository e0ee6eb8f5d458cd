// The saved songs as their screen shows them: sorted, filtered, as far as they show.
import type { EntryOrder, EntrySort, EntryView } from "$lib/generated/types";
import type { App } from "./app.svelte";
import { kept } from "./kept";
import { Pages } from "./pages.svelte";

/** The core's own bound of one page. */
const PAGE = 100;
/** How many songs before the one that was asked for come into the queue, to go back to. */
const BEFORE = 20;

export interface View {
  sort: EntrySort;
  order: EntryOrder;
  filter: string;
  /** Null for all. */
  language: string | null;
}

/** Which end of an order is looked for first. */
const FIRST: Record<EntrySort, EntryOrder> = { added: "desc", title: "asc", artist: "asc", plays: "desc" };

export class Saved {
  view = $state.raw<View>({ sort: "added", order: "desc", filter: "", language: null });
  readonly entries: Pages<EntryView>;
  /** Where the list was scrolled to when it was left. */
  scrolled = 0;

  #app: App;

  constructor(app: App) {
    this.#app = app;
    this.entries = new Pages(async (offset, limit) => {
      const { entries, total } = await this.#list(offset, limit);
      // What was removed here and is in the list again was saved again, here or elsewhere.
      for (const { song } of entries) if (app.saved.get(song.id) === false) app.saved.set(song.id, true);
      return { rows: entries, total };
    });
  }

  /** Only some of the saved songs are shown. */
  get filtered(): boolean {
    return this.view.filter.trim() !== "" || this.view.language !== null;
  }

  /** Another sort begins with the end that one looks for; the rows stay until the others are here. */
  show(change: Partial<View>): Promise<void> {
    const order = change.sort && change.sort !== this.view.sort ? FIRST[change.sort] : this.view.order;
    this.view = { ...this.view, order, ...change };
    return this.entries.reload();
  }

  /** Plays from a row on: some songs before it, and those that follow, as far as two pages reach. */
  async play(index: number): Promise<void> {
    const from = Math.max(0, index - BEFORE);
    const pages = await Promise.all([this.#list(from, PAGE), this.#list(from + PAGE, PAGE)]);
    const ids = pages.flatMap(({ entries }) => entries.map(({ song }) => song.id));
    await this.#app.backend.call({ command: "play", ids, start: index - from });
  }

  #list(offset: number, limit: number) {
    const { sort, order, filter, language } = this.view;
    return this.#app.backend.call({
      command: "library_list",
      offset,
      limit,
      sort,
      order,
      ...(filter.trim() ? { filter: filter.trim() } : {}),
      ...(language ? { language } : {}),
    });
  }
}

export const savedOf = kept((app) => new Saved(app));
