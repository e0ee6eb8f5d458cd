// Temporary, by hand, until the generated types land.
export type Rendition = "original" | "instrumental";
export type MessageKey =
  | "phone_country" | "phone_india" | "phone_length" | "invalid" | "insecure_address" | "sign_in_needed" | "wrong_otp" | "otp_expired"
  | "too_often" | "maintenance" | "no_such_host" | "no_connection" | "certificate" | "timed_out" | "service_away" | "not_the_service"
  | "refused" | "service_failed" | "unknown_song" | "no_audio" | "not_on_this_machine" | "interrupted" | "unsupported_format" | "bad_audio"
  | "audio_unreadable" | "no_device" | "disk_full" | "read_only" | "damaged" | "newer" | "busy" | "keyring_missing" | "keyring_locked"
  | "keyring_silent" | "keyring_refused" | "superseded" | "internal";
export type ErrorReport = { code: string; key: MessageKey; params: { [key in string]: string }; message: string; request_id: string | null; retryable: boolean };
export type AudioFile = { url: string; format?: string; bitrate?: number; size?: number; duration?: number };
export type SongView = {
  id: string; server_id: string | null; title: string; artist: string; album: string | null; language: string | null;
  duration_s: number | null; genre: string[]; release_year: number | null; popularity: number; explicit: boolean;
  thumbnail_url: string | null; external_ids: Record<string, string>; audio_files: Partial<Record<Rendition, AudioFile>>;
  in_library: boolean; downloaded: boolean;
};
export type FullSong = SongView & { lyrics: string | null; metadata: Record<string, unknown> | null };
export type EntryView = { id: string; song: SongView; added_at: string; play_count: number; last_played_at: string | null; pending: boolean; downloaded: boolean };
export type SyncState = "idle" | "running" | "offline" | "waiting" | "sign_in_needed" | "failed";
export type ParkedOperation = { op: string; what: string; reason: string };
export type SyncStatus = { state: SyncState; entries: number; pending: number; parked: ParkedOperation[]; until: string | null };
export type SignedIn = { user: { id: string; phone_masked: string; name: string | null }; service: string; dialect: string | null };
export type Preferences = { language: "en" | "hi" | null; theme: "system" | "light" | "dark" };
export type QueueItem = { item: number; song: SongView };
export type PlaybackStatus = "stopped" | "loading" | "playing" | "paused" | "buffering";
export type NowPlaying = { status: PlaybackStatus; item: QueueItem | null; index: number; queue_len: number; at_s: number; duration_s: number | null; rendition: Rendition; volume: number };
export type QueuePage = { items: QueueItem[]; offset: number; total: number; index: number };
export type ServiceInfo = { address: string; identity: string };
export type Overview = { session: SignedIn | null; service: ServiceInfo; sync: SyncStatus; preferences: Preferences };
export type DownloadRow = { song_id: string; rendition: Rendition; state: "queued" | "running" | "done" | "failed"; bytes: number; total: number | null; error?: ErrorReport };
export type PlaybackEvent =
  | { playback: "loading"; song: SongView; index: number; queue_len: number }
  | { playback: "started"; song: SongView; index: number; queue_len: number; rendition: Rendition; duration_s: number | null; format: string }
  | { playback: "position"; song_id: string; at_s: number; duration_s: number | null }
  | { playback: "buffering" | "playing" | "paused"; song_id: string }
  | { playback: "finished"; song_id: string; seconds: number; first_sample_ms: number | null; format: string | null; error: ErrorReport | null }
  | { playback: "queue_ended" }
  | { playback: "volume_changed"; volume: number }
  | { playback: "device_lost"; message: string };
export type Event =
  | { event: "session_changed"; signed_in: boolean }
  | { event: "service_changed" }
  | { event: "library_changed" }
  | ({ event: "sync_changed" } & SyncStatus)
  | ({ event: "download_changed" } & DownloadRow)
  | ({ event: "playback" } & PlaybackEvent)
  | { event: "queue_changed"; index: number; queue_len: number }
  | ({ event: "preferences_changed" } & Preferences)
  | { event: "demo_sms"; otp: string };
export type Command =
  | { command: "overview" } | { command: "queue_list"; offset: number; limit: number } | { command: "now_playing" } | { command: "whoami" }
  | { command: "request_otp"; phone: string; country: string }
  | { command: "verify_otp"; otp: string }
  | { command: "logout"; forget: boolean }
  | { command: "use_service"; address: string }
  | { command: "search"; query: string; kind?: "track" | "artist" | "album"; language?: string; source?: string; limit: number; offset: number; offline?: boolean }
  | { command: "trending"; language?: string; timeframe?: "daily" | "weekly" | "monthly"; limit: number; offline?: boolean }
  | { command: "song"; id: string }
  | { command: "library_list"; limit: number; offset: number; sort?: "added" | "title" | "artist" | "plays"; order?: "asc" | "desc"; filter?: string; language?: string }
  | { command: "library_add"; ids: string[] } | { command: "library_remove"; ids: string[] }
  | { command: "library_sync" } | { command: "library_status" }
  | { command: "download"; ids: string[]; rendition: Rendition }
  | { command: "play"; ids: string[]; rendition?: Rendition; from_s?: number; for_s?: number | null; start?: number }
  | { command: "pause" } | { command: "resume" } | { command: "stop" } | { command: "next" } | { command: "previous" }
  | { command: "seek"; to_s: number } | { command: "set_volume"; volume: number }
  | { command: "choose_rendition"; rendition: Rendition }
  | { command: "enqueue"; ids: string[]; place: "next" | "last" }
  | { command: "move_in_queue"; item: number; to: number }
  | { command: "remove_from_queue"; item: number } | { command: "jump_in_queue"; item: number } | { command: "clear_queue" }
  | { command: "sound_devices" } | { command: "choose_sound_device"; id?: string | null }
  | ({ command: "set_preferences" } & Preferences)
  | { command: "health" };
type Done = Record<string, never>;
export type Replies = {
  overview: Overview; queue_list: QueuePage; now_playing: NowPlaying; whoami: SignedIn; request_otp: { phone_masked: string; expires_in: number };
  verify_otp: SignedIn; logout: { pending_kept: number }; use_service: Done;
  search: { songs: SongView[]; total: number; total_exact: boolean; skipped: number; from: "service" | "local" };
  trending: { songs: SongView[] }; song: { song: FullSong }; library_list: { entries: EntryView[]; total: number };
  library_add: { entries: EntryView[]; state: SyncState }; library_remove: { entries: EntryView[]; state: SyncState };
  library_sync: SyncStatus; library_status: SyncStatus; download: { downloads: DownloadRow[] };
  play: Done; pause: Done; resume: Done; stop: Done; next: Done; previous: Done; seek: Done; set_volume: Done; choose_rendition: Done;
  enqueue: Done; move_in_queue: Done; remove_from_queue: Done; jump_in_queue: Done; clear_queue: Done;
  sound_devices: { devices: { id: string; name: string }[]; chosen: string | null }; choose_sound_device: Done;
  set_preferences: Done; health: { checks: { name: string; ok: boolean; message: string }[] };
};
export type HostCommand = { host: "start_demo" } | { host: "data_folder" } | { host: "open_data_folder" } | { host: "save_diagnostics" };
export type HostReplies = { start_demo: { address: string }; data_folder: { path: string }; open_data_folder: Done; save_diagnostics: { path: string } };
