// What was listened to, the latest first, by day; further back as one scrolls.
import { reportOf, type Backend } from "$lib/backend";
import { day } from "$lib/format";
import type { ErrorReport, ListenView } from "$lib/generated/types";

/** Listens of one answer. */
const PAGE = 100;

export interface Day {
  /** Its first moment, in ms: names it. */
  key: number;
  name: string;
  listens: readonly ListenView[];
}

export class History {
  /** Null until the first answer. */
  listens = $state.raw<readonly ListenView[] | null>(null);
  total = $state(0);
  error = $state.raw<ErrorReport | null>(null);
  readonly days: readonly Day[] = $derived(byDay(this.listens ?? []));
  readonly more: boolean = $derived((this.listens?.length ?? 0) < this.total);

  #backend: Backend;
  #reading = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Reads what shows anew: as many as are here, at least one page. */
  async read(): Promise<void> {
    const wanted = Math.max(PAGE, this.listens?.length ?? 0);
    await this.#ask(async () => {
      const listens: ListenView[] = [];
      let total = 0;
      do {
        const page = await this.#page(listens.length);
        total = page.total;
        listens.push(...page.listens);
        if (page.listens.length < PAGE) break;
      } while (listens.length < wanted);
      return { listens, total };
    });
  }

  /** Reads on, further back. A listen that came meanwhile pushes the rest down: none is shown twice. */
  async readOn(): Promise<void> {
    const here = this.listens;
    if (!here || !this.more) return;
    await this.#ask(async () => {
      const { listens, total } = await this.#page(here.length);
      const known = new Set(here.map(({ id }) => id));
      return { listens: [...here, ...listens.filter(({ id }) => !known.has(id))], total };
    });
  }

  async #ask(read: () => Promise<{ listens: readonly ListenView[]; total: number }>): Promise<void> {
    const reading = ++this.#reading;
    try {
      const { listens, total } = await read();
      if (reading !== this.#reading) return;
      this.listens = listens;
      this.total = total;
      this.error = null;
    } catch (thrown) {
      if (reading === this.#reading) this.error = reportOf(thrown);
    }
  }

  #page(offset: number) {
    return this.#backend.call({ command: "history", limit: PAGE, offset });
  }
}

/** Listens by the day on which they began, here. */
export function byDay(listens: readonly ListenView[], now = new Date()): Day[] {
  const days = new Map<number, ListenView[]>();
  for (const listen of listens) {
    const at = new Date(listen.began_at);
    const key = new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
    const own = days.get(key);
    if (own) own.push(listen);
    else days.set(key, [listen]);
  }
  return [...days].map(([key, own]) => ({ key, name: day(new Date(key), now), listens: own }));
}
