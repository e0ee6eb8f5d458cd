// A backend for tests of stores, in memory: it answers what the test says, keeps what was asked, and tells what it is told to.
import { Refusal, type Backend, type Fact } from "$lib/backend";
import type { Command, ErrorReport, HostCommand, NowPlaying, Overview, Replies, SongView } from "$lib/generated/types";

type Answers = {
  [K in keyof Replies]?: (command: Extract<Command, { command: K }>) => Replies[K] | Promise<Replies[K]>;
};

export class Double implements Backend {
  readonly asked: Command[] = [];
  readonly hosted: HostCommand[] = [];
  answers: Answers = {};
  #listeners = new Set<(fact: Fact) => void>();

  async call(command: Command): Promise<never> {
    this.asked.push(command);
    const answer = this.answers[command.command] as ((command: Command) => unknown) | undefined;
    return (answer ? await answer(command) : {}) as never;
  }

  async host(command: HostCommand): Promise<never> {
    this.hosted.push(command);
    return {} as never;
  }

  async subscribe(listener: (fact: Fact) => void): Promise<() => void> {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  coverUrl(songId: string): string {
    return `/cover/${songId}`;
  }

  tell(fact: Fact): void {
    for (const listener of this.#listeners) listener(fact);
  }

  /** What was asked of one kind. */
  of<K extends Command["command"]>(kind: K): Extract<Command, { command: K }>[] {
    return this.asked.filter((command): command is Extract<Command, { command: K }> => command.command === kind);
  }
}

/** A promise that the test settles. */
export function later<T>() {
  let settle!: { resolve: (value: T) => void; reject: (why: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

export const report = (key: ErrorReport["key"], params: Record<string, string> = {}): ErrorReport => ({
  code: "PROCESSING_ERROR",
  key,
  params,
  message: "In English.",
  request_id: null,
  retryable: true,
});

export const refusal = (key: ErrorReport["key"], params: Record<string, string> = {}) =>
  new Refusal(report(key, params));

export const song = (id: string, duration_s: number | null = 200): SongView => ({
  id,
  server_id: null,
  title: `Title ${id}`,
  artist: "Artist",
  album: null,
  language: "hi",
  duration_s,
  genre: [],
  release_year: null,
  popularity: 0,
  explicit: false,
  thumbnail_url: null,
  external_ids: {},
  audio_files: {},
  in_library: false,
  downloaded: false,
});

export const nowPlaying = (change: Partial<NowPlaying> = {}): NowPlaying => ({
  status: "stopped",
  item: null,
  index: 0,
  queue_len: 0,
  at_s: 0,
  duration_s: null,
  rendition: "original",
  volume: 1,
  ...change,
});

export const overview = (change: Partial<Overview> = {}): Overview => ({
  session: {
    user: { id: "u", phone_masked: "+91 ••••••3210", name: null },
    service: "https://one.example",
    dialect: null,
  },
  service: { address: "https://one.example", identity: "https://one.example" },
  sync: { state: "idle", entries: 0, pending: 0, parked: [], uncertain: 0, until: null },
  now_playing: nowPlaying(),
  preferences: { language: "en", theme: "system" },
  offline: false,
  ...change,
});

/** Lets everything that waits for nothing but its turn run. */
export const settled = () => new Promise((done) => setTimeout(done));
