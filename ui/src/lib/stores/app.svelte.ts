// The stores together, fed by one overview and then by events.
import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { reportOf, type Backend, type Fact } from "$lib/backend";
import { explain } from "$lib/errors";
import type { ErrorReport } from "$lib/generated/types";
import { Comparisons } from "./comparisons.svelte";
import { Downloads } from "./downloads.svelte";
import { Playback } from "./playback.svelte";
import { Playlists } from "./playlists.svelte";
import { Preferences } from "./preferences.svelte";
import { Queue } from "./queue.svelte";
import { Session } from "./session.svelte";
import { Sync } from "./sync.svelte";
import { Toasts } from "./toasts.svelte";

export class App {
  readonly session: Session;
  readonly playback: Playback;
  readonly queue: Queue;
  readonly sync: Sync;
  readonly preferences: Preferences;
  readonly playlists: Playlists;
  readonly downloads: Downloads;
  readonly comparisons: Comparisons;
  readonly toasts = new Toasts();
  /** Songs that were saved (true) or removed (false) here, for lists that were read before. */
  readonly saved = new SvelteMap<string, boolean>();
  /** Grows with every listen: who shows the history reads it again. */
  heard = $state(0);
  /** False until the first overview has been read. */
  ready = $state(false);
  /** Why there was none. */
  failure = $state.raw<ErrorReport | null>(null);
  /** The demo's SMS, as it came: whoever asks for a code may offer it. */
  demoOtp = $state<string | null>(null);

  /** Events that came while an overview was under way: newer than it, so they are applied after it. */
  #held: Fact[] | null = null;
  #reading = 0;
  #unsubscribe: () => void = () => {};

  constructor(readonly backend: Backend) {
    this.session = new Session(backend);
    this.playback = new Playback(backend);
    this.queue = new Queue(backend);
    this.sync = new Sync(backend);
    this.preferences = new Preferences(backend);
    this.playlists = new Playlists(backend);
    this.downloads = new Downloads(backend);
    this.comparisons = new Comparisons(backend);
  }

  async start(): Promise<void> {
    this.#held = [];
    this.#unsubscribe = await this.backend.subscribe(this.#hear);
    await this.refresh();
  }

  stop(): void {
    this.#unsubscribe();
    this.playback.stop();
  }

  /** Reads everything anew. */
  async refresh(): Promise<void> {
    const reading = ++this.#reading;
    this.#held ??= [];
    try {
      const overview = await this.backend.call({ command: "overview" });
      if (reading !== this.#reading) return;
      this.session.read(overview);
      this.playback.read(overview.now_playing);
      this.queue.read(overview.now_playing);
      this.sync.read(overview);
      this.preferences.read(overview.preferences);
      this.failure = null;
      this.ready = true;
    } catch (thrown) {
      if (reading !== this.#reading) return;
      this.failure = reportOf(thrown);
    }
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) this.#apply(event);
  }

  /** Runs what a listener asked for; when it is refused, a toast says why. True when it was done. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      this.toasts.show({ text: explain(reportOf(thrown)) });
      return false;
    }
  }

  #hear = (event: Fact): void => {
    if (this.#held) this.#held.push(event);
    else this.#apply(event);
  };

  #apply(event: Fact): void {
    this.playback.apply(event);
    this.queue.apply(event);
    this.sync.apply(event);
    this.preferences.apply(event);
    this.downloads.apply(event);
    this.playlists.apply(event);
    this.comparisons.apply(event);
    if (event.event === "history_changed") this.heard += 1;
    if (event.event === "demo_sms") this.demoOtp = event.otp;
    if (event.event === "playback" && event.playback === "finished" && event.error) {
      this.toasts.show({ text: explain(event.error) });
    }
    if (event.event === "missed" || event.event === "session_changed" || event.event === "service_changed") {
      this.downloads.clear();
      this.playlists.clear();
      this.saved.clear();
      void this.refresh();
    }
  }
}

/** The app of this screen. `setApp` once, at the top; `useApp` in any component below. */
export const [useApp, setApp] = createContext<App>();
