// A long list of which only the parts that show are in memory.
import { tick } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { reportOf } from "$lib/backend";
import type { ErrorReport } from "$lib/generated/types";

/** Rows of one page, and pages kept: what was seen longest ago goes. */
const SIZE = 100;
const KEPT = 30;

interface Page<T> {
  rows: readonly T[];
  revision: number;
}

export class Pages<T> {
  /** How many rows there are; null until the first answer. */
  total = $state<number | null>(null);
  /** Why the last page did not come. */
  error = $state.raw<ErrorReport | null>(null);

  #pages = new SvelteMap<number, Page<T>>();
  #revision = $state(0);
  #asked = new Map<number, Promise<void>>();
  #fetch: (offset: number, limit: number) => Promise<{ rows: readonly T[]; total: number }>;

  constructor(fetch: (offset: number, limit: number) => Promise<{ rows: readonly T[]; total: number }>) {
    this.#fetch = fetch;
  }

  /** The row at a place. Reactive; a page that is not here, or is old, is asked for meanwhile. */
  at(index: number): T | undefined {
    const number = Math.floor(index / SIZE);
    const page = this.#pages.get(number);
    if (page?.revision !== this.#revision) void this.#ask(number, this.#revision);
    return page?.rows[index % SIZE];
  }

  /** Makes every page old: those that show are read again, and stay as they are until then. */
  expire(): void {
    this.#revision += 1;
    this.#asked.clear();
  }

  /** The same, and the first page is read even if nothing shows. Resolves when what shows is new. */
  async reload(): Promise<void> {
    this.expire();
    void this.#ask(0, this.#revision);
    // Whoever shows rows asks for them in its next update.
    await tick();
    await Promise.all(this.#asked.values());
  }

  /** Begins anew: nothing of what was here belongs to what comes. */
  reset(): Promise<void> {
    this.#pages.clear();
    this.total = null;
    return this.reload();
  }

  #ask(number: number, revision: number): Promise<void> {
    const asked = this.#asked.get(number) ?? this.#load(number, revision);
    this.#asked.set(number, asked);
    return asked;
  }

  async #load(number: number, revision: number): Promise<void> {
    // Never while a component renders: its own reading must not change what it reads.
    await Promise.resolve();
    try {
      const { rows, total } = await this.#fetch(number * SIZE, SIZE);
      if (revision !== this.#revision) return;
      this.#pages.delete(number);
      this.#pages.set(number, { rows, revision });
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= KEPT) break;
        this.#pages.delete(old);
        this.#asked.delete(old);
      }
      this.total = total;
      this.error = null;
    } catch (thrown) {
      if (revision === this.#revision) this.error = reportOf(thrown);
    } finally {
      // A page that failed may be asked for again by the next reload only: no storm while it shows.
      if (revision === this.#revision && this.#pages.get(number)?.revision === revision) this.#asked.delete(number);
    }
  }
}
