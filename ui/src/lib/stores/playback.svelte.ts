// What is heard: the song, where in it, how loud. Between two facts the position runs on by the clock.
import type { Backend, Fact } from "$lib/backend";
import type { NowPlaying, PlaybackStatus, Rendition, SongView } from "$lib/generated/types";
import { newest } from "./newest";

/** How often a running position is drawn, in ms: a seek bar moves by less than a pixel meanwhile. */
const STEP_MS = 150;
/** How long the next song has to tell of itself, in ms, before it is asked what is on. */
const LOOK_MS = 250;

export class Playback {
  status = $state<PlaybackStatus>("stopped");
  song = $state.raw<SongView | null>(null);
  rendition = $state<Rendition>("original");
  /** Seconds into the song, now. */
  at = $state(0);
  /** Seconds; null while nobody knows. */
  duration = $state<number | null>(null);
  /** 0 to 1. */
  volume = $state(1);
  /** The output device is gone: said until sound comes again. */
  deviceLost = $state(false);

  /** Something is on and not paused. */
  readonly running = $derived(this.status === "playing" || this.status === "loading" || this.status === "buffering");

  #backend: Backend;
  /** The place in the queue: the same song may stand there twice. */
  #index = 0;
  /** The last position that was told, and when. */
  #told = { at: 0, when: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setTimeout> | undefined;
  /** While a seek is under way, positions of before it are not believed. */
  #seeking = 0;
  #sendVolume: (volume: number) => void;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#sendVolume = newest((volume) => backend.call({ command: "set_volume", volume }));
    document.addEventListener("visibilitychange", this.#tick);
  }

  /** Takes a whole state. */
  read(now: NowPlaying): void {
    this.status = now.status;
    this.song = now.item?.song ?? null;
    this.#index = now.index;
    this.rendition = now.rendition;
    this.duration = now.duration_s ?? this.song?.duration_s ?? null;
    this.volume = now.volume;
    this.#place(now.at_s);
  }

  apply(event: Fact): void {
    if (event.event === "queue_changed") {
      this.#index = event.index;
      // What is at rest may have been taken away or replaced; what is heard tells of itself.
      if (!this.running) this.#lookLater();
    }
    if (event.event !== "playback") return;
    switch (event.playback) {
      case "loading":
        this.#take(event.song, event.index);
        this.duration = event.song.duration_s;
        this.status = "loading";
        this.#place(this.at);
        break;
      case "started":
        this.#take(event.song, event.index);
        this.rendition = event.rendition;
        this.duration = event.duration_s ?? event.song.duration_s;
        this.status = "playing";
        this.deviceLost = false;
        this.#place(this.at);
        break;
      case "position":
        if (event.song_id !== this.song?.id || this.#seeking > 0) break;
        this.duration = event.duration_s ?? this.duration;
        this.#place(event.at_s);
        break;
      case "buffering":
      case "playing":
      case "paused":
        if (event.song_id !== this.song?.id) break;
        this.#place(this.at);
        this.status = event.playback;
        if (event.playback === "playing") this.deviceLost = false;
        this.#tick();
        break;
      case "finished":
        // Another follows at once, or nothing does: then nobody else tells.
        if (event.song_id === this.song?.id) this.#lookLater();
        break;
      case "rendition_changed":
        this.rendition = event.rendition;
        break;
      case "queue_ended":
        this.status = "stopped";
        this.song = null;
        this.duration = null;
        this.#place(0);
        break;
      case "volume_changed":
        this.volume = event.volume;
        break;
      case "device_lost":
        this.status = "paused";
        this.deviceLost = true;
        this.#place(this.at);
        break;
    }
  }

  /** Plays when paused, pauses when playing. */
  toggle(): Promise<unknown> {
    return this.#backend.call({ command: "toggle" });
  }

  next(): Promise<unknown> {
    return this.#backend.call({ command: "next" });
  }

  previous(): Promise<unknown> {
    return this.#backend.call({ command: "previous" });
  }

  async seek(to: number): Promise<void> {
    this.#place(Math.max(0, Math.min(to, this.duration ?? to)));
    this.#seeking += 1;
    try {
      await this.#backend.call({ command: "seek", to_s: this.#told.at });
    } finally {
      this.#seeking -= 1;
    }
  }

  /** Seen at once; sent when the last one has arrived. */
  setVolume(volume: number): void {
    this.volume = Math.max(0, Math.min(volume, 1));
    this.#sendVolume(this.volume);
  }

  /** The song goes on at the same place, with its voice or without. */
  choose(rendition: Rendition): Promise<unknown> {
    return this.#backend.call({ command: "choose_rendition", rendition });
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#looking);
    document.removeEventListener("visibilitychange", this.#tick);
  }

  /** The same item goes on where it was left: after a restart it is loaded from there. */
  #take(song: SongView, index: number): void {
    clearTimeout(this.#looking);
    this.#looking = undefined;
    if (song.id !== this.song?.id || index !== this.#index) this.at = 0;
    this.song = song;
    this.#index = index;
  }

  /** Asks what is on, unless a song says so itself before. */
  #lookLater(): void {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(async () => {
      const looked = this.#looking;
      const now = await this.#backend.call({ command: "now_playing" }).catch(() => null);
      if (now && looked === this.#looking) this.read(now);
    }, LOOK_MS);
  }

  #place(at: number): void {
    this.at = at;
    this.#told = { at, when: performance.now() };
    this.#tick();
  }

  /** Draws the running position, and comes again while there is something to draw and somebody to see it. */
  #tick = (): void => {
    clearTimeout(this.#timer);
    if (this.status !== "playing" || document.hidden) return;
    const at = this.#told.at + (performance.now() - this.#told.when) / 1000;
    this.at = this.duration === null ? at : Math.min(at, this.duration);
    this.#timer = setTimeout(() => requestAnimationFrame(this.#tick), STEP_MS);
  };
}
