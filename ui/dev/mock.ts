// A backend that is only pretended, for looking at screens: `npm run dev`, then /?mock. Never in a build.
// Words after it, with commas: new (nobody signed in), offline, slow, failing, empty, big (100,000 saved songs), playing,
// refused (a change was), hindi.
import { Refusal, type Backend, type Fact } from "../src/lib/backend";
import type {
  Command,
  EntryView,
  FullSong,
  HostCommand,
  NowPlaying,
  Overview,
  QueueItem,
  SearchType,
  SongView,
} from "../src/lib/generated/types";
import { cover, songs } from "./catalogue";
import { downloads } from "./downloads";
import { MockPlaylists } from "./playlists";

const OTP = "246810";

function refuse(code: string, key: string, params: Record<string, string> = {}): never {
  throw new Refusal({ code, key, params, message: key, request_id: "req-mock-1", retryable: true } as never);
}

function matches(song: SongView, text: string, kind?: SearchType, language?: string): boolean {
  const { title, artist, album } = song;
  const where = { all: `${title} ${artist} ${album ?? ""}`, track: title, artist, album: album ?? "" }[kind ?? "all"];
  return where.toLowerCase().includes(text.trim().toLowerCase()) && (!language || song.language === language);
}

/** A change that the service refused, as the core tells it. */
const REFUSED: Overview["sync"]["parked"][number] = {
  op: "01890000-0000-7000-8000-000000000021",
  what: "add Monsoon Letters",
  kind: "add",
  title: "Monsoon Letters",
  reason: "The service refuses: Forbidden.",
  key: "refused",
  params: { detail: "Forbidden" },
};

class Mock {
  words = new Set((new URLSearchParams(location.search).get("mock") ?? "").split(","));
  listeners = new Set<(event: Fact) => void>();
  queue: QueueItem[] = [];
  now: NowPlaying = {
    status: "stopped",
    item: null,
    index: 0,
    queue_len: 0,
    at_s: 0,
    duration_s: null,
    rendition: "original",
    volume: 0.8,
  };
  overview: Omit<Overview, "now_playing">;
  playlists: MockPlaylists;
  nextItem = 1;
  wrong = 0;

  constructor() {
    const pending = this.words.has("offline") ? 2 : 0;
    this.playlists = new MockPlaylists(this.words.has("empty"));
    this.overview = {
      session: this.words.has("new")
        ? null
        : {
            user: { id: "u", phone_masked: "+91 ••••••3210", name: "Asha Rao" },
            service: "https://api.melodystudio.com",
            dialect: "green",
          },
      service: { address: "https://api.melodystudio.com", identity: "https://api.melodystudio.com" },
      sync: {
        state: this.words.has("offline") ? "offline" : "idle",
        entries: 20,
        pending,
        parked: this.words.has("refused") ? [REFUSED] : [],
        uncertain: 0,
        until: null,
      },
      preferences: { language: this.words.has("hindi") ? "hi" : null, theme: "system" },
      offline: false,
    };
    if (this.words.has("playing")) {
      this.fill(songs.slice(0, 24).map((song) => song.id));
      this.begin(2);
      this.now.at_s = 41;
      if (!this.words.has("moving")) this.now.status = "paused";
    }
    setInterval(() => this.beat(), 250);
  }

  tell(event: Fact) {
    for (const listener of this.listeners) listener(event);
  }

  fill(ids: string[]) {
    this.queue = ids.flatMap((id) => {
      const song = this.song(id);
      return song ? [{ item: this.nextItem++, song }] : [];
    });
    this.now.queue_len = this.queue.length;
  }

  song(id: string): FullSong | undefined {
    const plain = id.split("#")[0];
    return songs.find((song) => song.id === plain);
  }

  begin(index: number) {
    const item = this.queue[index];
    if (!item) {
      this.now = { ...this.now, status: "stopped", item: null, index: this.queue.length, at_s: 0 };
      this.tell({ event: "playback", playback: "queue_ended" });
      this.queueChanged();
      return;
    }
    this.now = { ...this.now, status: "playing", item, index, at_s: 0, duration_s: item.song.duration_s };
    const told = { song: item.song, index, queue_len: this.queue.length };
    this.tell({ event: "playback", playback: "loading", ...told });
    this.tell({
      event: "playback",
      playback: "started",
      ...told,
      rendition: this.now.rendition,
      duration_s: item.song.duration_s,
      format: "FLAC",
    });
  }

  beat() {
    if (this.now.status !== "playing" || !this.now.item) return;
    this.now.at_s += 0.25;
    if (this.now.at_s >= (this.now.duration_s ?? 1e9)) this.begin(this.now.index + 1);
    else this.position();
  }

  position() {
    const song_id = this.now.item?.song.id;
    if (song_id) {
      const { at_s, duration_s } = this.now;
      this.tell({ event: "playback", playback: "position", song_id, at_s, duration_s });
    }
  }

  queueChanged() {
    this.now.queue_len = this.queue.length;
    this.now.index = this.now.item ? this.queue.indexOf(this.now.item) : this.queue.length;
    this.tell({ event: "queue_changed", index: this.now.index, queue_len: this.queue.length });
  }

  entry(song: SongView, i: number): EntryView {
    return {
      id: `entry-${song.id}`,
      song,
      added_at: new Date(Date.UTC(2026, 10, 20) - i * 86_400_000).toISOString(),
      play_count: (i * 7) % 40,
      last_played_at: null,
      pending: this.words.has("offline") && i < 2,
      downloaded: song.downloaded,
    };
  }

  saved(): SongView[] {
    if (this.words.has("empty")) return [];
    const own = songs.filter((song) => song.in_library);
    if (!this.words.has("big")) return own;
    return Array.from({ length: 100_000 }, (_, i) => ({
      ...songs[i % songs.length]!,
      id: `${songs[i % songs.length]!.id}#${i}`,
      in_library: true,
    }));
  }

  async answer(command: Command): Promise<unknown> {
    if (this.words.has("slow")) await new Promise((done) => setTimeout(done, 1500));
    const networked = ["search", "trending", "request_otp", "verify_otp", "library_sync"];
    const away = this.words.has("failing") || this.words.has("offline");
    const remote = networked.includes(command.command) && !("offline" in command && command.offline);
    if (away && remote) refuse("UNREACHABLE", "no_connection");
    if (command.command === "search" && remote) await new Promise((done) => setTimeout(done, 400));
    switch (command.command) {
      case "overview":
        return { ...this.overview, now_playing: this.now };
      case "now_playing":
        return this.now;
      case "queue_list": {
        const items = this.queue.slice(command.offset, command.offset + command.limit);
        return { items, offset: command.offset, total: this.queue.length, index: this.now.index };
      }
      case "request_otp":
        if (command.phone.endsWith("0000")) refuse("RATE_LIMIT_EXCEEDED", "too_often", { seconds: "2400" });
        setTimeout(() => this.tell({ event: "demo_sms", otp: OTP }), 400);
        return { phone_masked: `${command.country} ••••••${command.phone.slice(-4)}`, expires_in: 300 };
      case "verify_otp":
        if (command.otp !== OTP) refuse("INVALID_OTP", "wrong_otp");
        this.overview.session = {
          user: { id: "u", phone_masked: "+91 ••••••3210", name: null },
          service: "https://api.melodystudio.com",
          dialect: "green",
        };
        this.tell({ event: "session_changed", signed_in: true });
        return this.overview.session;
      case "logout":
        this.overview.session = null;
        this.tell({ event: "session_changed", signed_in: false });
        return { pending_kept: 0 };
      case "losses":
        return { pending: 1, downloads: 3, download_bytes: 24_600_000, playlists: 2, listens: 41 };
      case "stream_cache":
        return { songs: 12, bytes: 96_400_000, most: this.overview.preferences.cache_bytes ?? 2e9 };
      case "use_service":
        if (command.address.includes("wrong"))
          refuse("NOT_THE_SERVICE", "not_the_service", { address: command.address });
        this.overview.service = { ...this.overview.service, address: command.address };
        this.tell({ event: "service_changed" });
        return {};
      case "search": {
        // On this machine is every other song; the service knows them all, and in another order.
        const known = command.offline ? songs.filter((_, i) => i % 2 === 0) : songs.toReversed();
        const found = known.filter((song) => matches(song, command.query, command.kind, command.language));
        return {
          songs: found.slice(command.offset, command.offset + command.limit),
          total: found.length,
          total_exact: true,
          skipped: 0,
          from: command.offline ? "local" : "service",
        };
      }
      case "trending":
        return {
          songs: this.words.has("empty")
            ? []
            : songs.toSorted((a, b) => b.popularity - a.popularity).slice(0, command.limit),
        };
      case "song": {
        const song = this.song(command.id);
        return song ? { song } : refuse("RESOURCE_NOT_FOUND", "unknown_song");
      }
      case "library_list": {
        const { sort = "added", order = "desc", filter = "", language } = command;
        const all = this.saved().filter((song) => matches(song, filter, undefined, language));
        if (sort === "title" || sort === "artist") all.sort((a, b) => a[sort].localeCompare(b[sort]));
        if ((order === "desc") !== (sort === "added" || sort === "plays")) all.reverse();
        const rows = all.slice(command.offset, command.offset + command.limit);
        return { entries: rows.map((song, i) => this.entry(song, command.offset + i)), total: all.length };
      }
      case "library_add":
      case "library_remove": {
        const entries = command.ids.flatMap((id) => {
          const song = this.song(id);
          if (!song) return [];
          song.in_library = command.command === "library_add";
          return [{ ...this.entry(song, 0), pending: this.words.has("offline") }];
        });
        this.tell({ event: "library_changed" });
        return { entries, state: this.overview.sync.state };
      }
      case "library_sync":
      case "library_status":
        return this.overview.sync;
      case "download":
        for (const song_id of command.ids) {
          const { title, artist } = this.song(song_id) ?? { title: null, artist: null };
          const row = { event: "download_changed", song_id, title, artist, rendition: "original", total: 9 } as const;
          this.tell({ ...row, state: "running", bytes: 0 });
          setTimeout(() => this.tell({ ...row, state: "done", bytes: 9 }), 1500);
        }
        return { downloads: [] };
      case "work_offline":
        this.overview.offline = command.on;
        this.tell({ event: "offline_changed", offline: command.on });
        return { offline: command.on };
      case "downloads":
      case "downloads_pause":
      case "downloads_resume":
        return { downloads: this.words.has("empty") ? [] : downloads() };
      case "history": {
        const heard = this.words.has("empty") ? [] : Array.from({ length: 40 }, (_, i) => songs[(i * 7) % 24]!);
        const listens = heard.map((song, i) => ({
          id: `listen-${i}`,
          song,
          rendition: "original",
          began_at: new Date(Date.now() - i * 4_500_000).toISOString(),
          seconds: song.duration_s ?? 0,
          completed: true,
          counted: true,
        }));
        return { listens: listens.slice(command.offset, command.offset + command.limit), total: listens.length };
      }
      case "playlist_list":
      case "playlist_show":
      case "playlist_create":
      case "playlist_rename":
      case "playlist_delete":
      case "playlist_add":
      case "playlist_remove":
      case "playlist_move":
      case "playlist_undo":
      case "playlist_import":
        return this.playlists.answer(
          command,
          () => this.tell({ event: "playlists_changed" }),
          () => refuse("RESOURCE_NOT_FOUND", "unknown_playlist"),
        );
      case "play":
        this.fill(command.ids);
        this.begin(command.start ?? 0);
        this.queueChanged();
        return {};
      case "pause":
      case "resume":
      case "toggle":
        if (!this.now.item) return {};
        this.now.status = command.command === "pause" || this.now.status === "playing" ? "paused" : "playing";
        this.tell({ event: "playback", playback: this.now.status as "paused", song_id: this.now.item.song.id });
        return {};
      case "next":
        this.begin(this.now.index + 1);
        return {};
      case "previous":
        this.begin(Math.max(0, this.now.index - 1));
        return {};
      case "seek":
        this.now.at_s = command.to_s;
        this.position();
        return {};
      case "set_volume":
        this.now.volume = command.volume;
        this.tell({ event: "playback", playback: "volume_changed", volume: command.volume });
        return {};
      case "choose_rendition":
        this.now.rendition = command.rendition;
        this.tell({ event: "playback", playback: "rendition_changed", rendition: command.rendition });
        return {};
      case "enqueue": {
        const rows = command.ids.flatMap((id) => {
          const song = this.song(id);
          return song ? [{ item: this.nextItem++, song }] : [];
        });
        this.queue.splice(command.place === "next" ? this.now.index + 1 : this.queue.length, 0, ...rows);
        this.queueChanged();
        return {};
      }
      case "move_in_queue": {
        const from = this.queue.findIndex((row) => row.item === command.item);
        const [row] = this.queue.splice(from, 1);
        if (row) this.queue.splice(command.to, 0, row);
        this.queueChanged();
        return {};
      }
      case "remove_from_queue":
        this.queue = this.queue.filter((row) => row.item !== command.item);
        this.queueChanged();
        return {};
      case "jump_in_queue":
        this.begin(this.queue.findIndex((row) => row.item === command.item));
        this.queueChanged();
        return {};
      case "clear_queue":
        this.queue = [];
        this.now = { ...this.now, item: null, status: "stopped" };
        this.queueChanged();
        this.tell({ event: "playback", playback: "queue_ended" });
        return {};
      case "sound_devices":
        return {
          devices: [
            { id: "a", name: "Built-in speakers" },
            { id: "b", name: "Headphones" },
          ],
          chosen: null,
        };
      case "set_preferences": {
        const { command: _, ...chosen } = command;
        this.overview.preferences = chosen;
        this.tell({ event: "preferences_changed", ...this.overview.preferences });
        return {};
      }
      case "health":
        return { checks: [{ name: "profile", ok: true, message: "The data folder can be written." }] };
      default:
        return {};
    }
  }

  async hostAnswer(command: HostCommand): Promise<unknown> {
    switch (command.command) {
      case "start_demo":
        this.overview.service = { ...this.overview.service, address: "http://127.0.0.1:41999" };
        this.tell({ event: "service_changed" });
        return { address: "http://127.0.0.1:41999" };
      default:
        return { path: "/home/asha/.local/share/melody-studio" };
    }
  }
}

export function mockBackend(): Backend {
  const mock = new Mock();
  // What crosses the wire is a copy.
  const copy = async (answer: Promise<unknown>) => JSON.parse(JSON.stringify(await answer)) as never;
  return {
    call: (command) => copy(mock.answer(command)),
    host: (command) => copy(mock.hostAnswer(command)),
    subscribe: async (listener) => {
      const hear = (event: Fact) => listener(JSON.parse(JSON.stringify(event)) as Fact);
      mock.listeners.add(hear);
      return () => mock.listeners.delete(hear);
    },
    coverUrl: cover,
  };
}
