// Downloads: what was asked for, how far it has come, and what is here.
import { SvelteMap } from "svelte/reactivity";
import { reportOf, type Backend, type Fact } from "$lib/backend";
import type { DownloadRow, ErrorReport } from "$lib/generated/types";

export const keyOf = ({ song_id, rendition }: Pick<DownloadRow, "song_id" | "rendition">) => `${song_id} ${rendition}`;

export class Downloads {
  /** The last that was told of a song's original since the screen opened. */
  readonly rows = new SvelteMap<string, DownloadRow>();
  /** Whether all were read, and why not. */
  read = $state(false);
  error = $state.raw<ErrorReport | null>(null);

  #backend: Backend;
  #all = new SvelteMap<string, DownloadRow>();
  /** Reading: and whether something changed meanwhile. */
  #reading = false;
  #again = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** On their way, waiting, or put off. */
  readonly coming: readonly DownloadRow[] = $derived.by(() => this.#in("running", "queued", "paused"));
  readonly failed: readonly DownloadRow[] = $derived.by(() => this.#in("failed"));
  readonly here: readonly DownloadRow[] = $derived.by(() => this.#in("done"));

  apply(event: Fact): void {
    if (event.event !== "download_changed") return;
    if (event.rendition === "original") this.rows.set(event.song_id, event);
    // What was taken away meanwhile may still tell of its end: only a read brings rows, once there was one.
    if (this.#all.has(keyOf(event))) this.#all.set(keyOf(event), event);
    else if (this.read) void this.load();
  }

  clear(): void {
    this.rows.clear();
    this.#all.clear();
    this.read = false;
  }

  /** Reads all of them; asked while it reads, it reads once more. */
  async load(): Promise<void> {
    this.#again = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    try {
      const { downloads } = await this.#backend.call({ command: "downloads" });
      this.#take(downloads);
    } catch (thrown) {
      this.error = reportOf(thrown);
    } finally {
      this.#reading = false;
    }
    if (this.#again) await this.load();
  }

  /** Of one song, or of all. */
  async pause(ids?: string[]): Promise<void> {
    const { downloads } = await this.#backend.call({ command: "downloads_pause", ...(ids ? { ids } : {}) });
    this.#take(downloads);
  }

  async resume(ids?: string[]): Promise<void> {
    const { downloads } = await this.#backend.call({ command: "downloads_resume", ...(ids ? { ids } : {}) });
    this.#take(downloads);
  }

  /** Brings them, once more where they failed. Resolves when they are here or are not to be had. */
  async bring(rows: readonly DownloadRow[]): Promise<void> {
    for (const rendition of ["original", "instrumental"] as const) {
      const ids = rows.filter((row) => row.rendition === rendition).map((row) => row.song_id);
      if (ids.length > 0) await this.#backend.call({ command: "download", ids, rendition });
    }
  }

  /** Takes one off this machine. */
  async remove({ song_id, rendition }: DownloadRow): Promise<void> {
    await this.#backend.call({ command: "downloads_remove", ids: [song_id], rendition });
    this.#all.delete(keyOf({ song_id, rendition }));
    if (rendition === "original") this.rows.delete(song_id);
  }

  #in(...states: DownloadRow["state"][]): DownloadRow[] {
    return [...this.#all.values()].filter(({ state }) => states.includes(state));
  }

  #take(downloads: readonly DownloadRow[]): void {
    const fresh = new Set(downloads.map(keyOf));
    for (const key of this.#all.keys()) if (!fresh.has(key)) this.#all.delete(key);
    for (const row of downloads) {
      // Why it failed is told when it fails, and known here only.
      const { error } = this.#all.get(keyOf(row)) ?? {};
      this.#all.set(keyOf(row), row.state === "failed" && error ? { error, ...row } : row);
    }
    this.read = true;
    this.error = null;
  }
}
