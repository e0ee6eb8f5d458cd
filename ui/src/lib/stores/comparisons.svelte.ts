// Comparisons of two backends, for QA: the one under way, and those that were kept.
import { reportOf, type Backend, type Fact } from "$lib/backend";
import type {
  Command,
  Comparison,
  ComparisonProgress,
  ComparisonRun,
  ErrorReport,
  Exchange,
  Finding,
} from "$lib/generated/types";

type Wanted = Omit<Extract<Command, { command: "compare" }>, "command">;

export class Comparisons {
  /** Null while none is under way. */
  running = $state.raw<ComparisonProgress | null>(null);
  /** The latest first; null until they were read. */
  runs = $state.raw<readonly ComparisonRun[] | null>(null);
  /** Why they could not be read. */
  error = $state.raw<ErrorReport | null>(null);
  /** Grows whenever one came or went. */
  revision = $state(0);

  #backend: Backend;
  #reading = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  apply(event: Fact): void {
    if (event.event === "comparison_progress") this.running = event;
    if (event.event === "comparisons_changed") this.running = null;
    if (event.event === "comparisons_changed" || event.event === "missed") this.revision += 1;
  }

  async read(): Promise<void> {
    const reading = ++this.#reading;
    try {
      const { comparisons, running } = await this.#backend.call({ command: "comparisons" });
      if (reading !== this.#reading) return;
      this.runs = comparisons;
      this.running = running;
      this.error = null;
    } catch (thrown) {
      if (reading === this.#reading) this.error = reportOf(thrown);
    }
  }

  /** Compares, and resolves when that is over. */
  compare(wanted: Wanted): Promise<ComparisonRun> {
    return this.#backend.call({ command: "compare", ...wanted });
  }

  async end(): Promise<void> {
    await this.#backend.call({ command: "compare_end" });
  }

  show(id: string): Promise<Comparison> {
    return this.#backend.call({ command: "comparison", id });
  }

  /** The call that shows a finding, as it went on both sides; null for what no single call shows. */
  async exchange(id: string, { exchange }: Finding): Promise<Exchange | null> {
    if (exchange === undefined) return null;
    return this.#backend.call({ command: "comparison_exchange", id, exchange });
  }

  async remove(id: string): Promise<void> {
    await this.#backend.call({ command: "comparison_remove", id });
    this.runs = this.runs?.filter((run) => run.id !== id) ?? null;
  }
}
