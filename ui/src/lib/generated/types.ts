// Written by `cargo xtask types` from the Rust types. Do not edit.

/**
 * Where a rendition is, and what the service says of it.
 */
export type AudioFile = { 
/**
 * Absolute, or relative to the service.
 */
url: string, 
/**
 * A container or codec in the service's words: `flac`, `audio/mpeg`.
 */
format?: string, 
/**
 * Kilobits a second.
 */
bitrate?: number, 
/**
 * Bytes.
 */
size?: number, 
/**
 * Seconds.
 */
duration?: number, };

/**
 * One of the two.
 */
export type Backend = { address: string, 
/**
 * What it speaks.
 */
dialect: string, };

/**
 * Who was compared.
 */
export type Backends = { blue: Backend, green: Backend, began: string, seconds: number, 
/**
 * Whether an account was used; without one only what needs none is compared.
 */
signed_in: boolean, 
/**
 * Whether somebody ended it before all was compared.
 */
ended_early: boolean, };

/**
 * What a listener changed.
 */
export type ChangeKind = "add" | "remove" | "play";

export type ChangedEntries = { entries: Array<EntryView>, 
/**
 * How the attempt to tell the service ended: why something is still pending.
 */
state: SyncState, };

/**
 * A playlist after a change; as it was, if it is gone.
 */
export type ChangedPlaylist = { playlist: PlaylistView, };

/**
 * One thing that was looked at.
 */
export type Check = { name: string, ok: boolean, 
/**
 * What was found, in a sentence.
 */
message: string, 
/**
 * What is wrong, for faces that speak another language than English; absent where an error does not say it.
 */
error?: ErrorReport, };

/**
 * What kind of failure it was, for programs. The words are those of the contract and the
 * command line.
 */
export type Code = "USAGE" | "INSECURE_ADDRESS" | "VALIDATION_ERROR" | "AUTH_REQUIRED" | "INVALID_TOKEN" | "UNREACHABLE" | "NOT_THE_SERVICE" | "MAINTENANCE" | "OFFLINE" | "INVALID_OTP" | "OTP_EXPIRED" | "RATE_LIMIT_EXCEEDED" | "RESOURCE_NOT_FOUND" | "EXTERNAL_API_ERROR" | "PROCESSING_ERROR" | "SERVICE_ERROR" | "STORAGE_FULL" | "STORAGE_READ_ONLY" | "STORAGE_BUSY" | "STORAGE_NEWER" | "STORAGE_DAMAGED" | "KEYRING" | "NO_AUDIO" | "UNSUPPORTED_FORMAT" | "BAD_AUDIO" | "NO_DEVICE" | "SUPERSEDED";

/**
 * One request of a face. Ids in texts may be ours, the server's or a library entry's.
 */
export type Command = { "command": "overview" } | { "command": "request_otp" } & OtpRequest | { "command": "verify_otp", otp: string, } | { "command": "whoami" } | { "command": "logout", forget: boolean, } | { "command": "losses" } | { "command": "use_service", address: string, } | { "command": "search" } & SearchRequest | { "command": "trending" } & TrendingRequest | { "command": "song", id: string, } | { "command": "library_list" } & ListRequest | { "command": "library_add", ids: Array<string>, } | { "command": "library_remove", ids: Array<string>, } | { "command": "library_sync" } | { "command": "library_status" } | { "command": "library_retry" } | { "command": "library_discard", op: string, } | { "command": "library_verify" } | { "command": "library_switches" } | { "command": "download", ids: Array<string>, rendition: Rendition, } | { "command": "download_saved", rendition: Rendition, } | { "command": "download_playlist", playlist: string, rendition: Rendition, } | { "command": "downloads" } | { "command": "downloads_continue" } | { "command": "downloads_pause", ids?: Array<string>, } | { "command": "downloads_resume", ids?: Array<string>, } | { "command": "downloads_remove", ids: Array<string>, rendition?: Rendition, } | { "command": "downloads_verify" } | { "command": "playlist_list" } | { "command": "playlist_show", playlist: string, limit?: number, offset?: number, } | { "command": "playlist_create", name: string, ids?: Array<string>, } | { "command": "playlist_rename", playlist: string, name: string, } | { "command": "playlist_delete", playlist: string, } | { "command": "playlist_add", playlist: string, ids: Array<string>, } | { "command": "playlist_remove", playlist: string, item: string, } | { "command": "playlist_move", playlist: string, item: string, to: number, } | { "command": "playlist_undo" } | { "command": "playlist_export", playlist: string, format: PlaylistFormat, } | { "command": "playlist_import", text: string, name?: string, } | { "command": "history", limit: number, offset: number, } | { "command": "convert", id: string, wait?: boolean, } | { "command": "conversions", limit: number, offset: number, status?: ConversionStatus, } | { "command": "notifications", limit: number, offset: number, unread_only?: boolean, } | { "command": "notifications_read", ids?: Array<string>, } | { "command": "profile" } | { "command": "profile_change" } & UserChange | { "command": "profile_avatar", picture: Array<number>, } | { "command": "play" } & PlayRequest | { "command": "pause" } | { "command": "resume" } | { "command": "toggle" } | { "command": "stop" } | { "command": "next" } | { "command": "previous" } | { "command": "seek", to_s: number, } | { "command": "set_volume", volume: number, } | { "command": "choose_rendition", rendition: Rendition, } | { "command": "now_playing" } | { "command": "queue_list", offset: number, limit: number, } | { "command": "enqueue", ids: Array<string>, place: Place, } | { "command": "move_in_queue", item: number, to: number, } | { "command": "remove_from_queue", item: number, } | { "command": "jump_in_queue", item: number, } | { "command": "clear_queue" } | { "command": "sound_devices" } | { "command": "choose_sound_device", id?: string, } | { "command": "set_preferences" } & Preferences | { "command": "stream_cache" } | { "command": "work_offline", on: boolean, } | { "command": "offline_status" } | { "command": "health" } | { "command": "compare" } & CompareRequest | { "command": "compare_end" } | { "command": "comparisons" } | { "command": "comparison", id: string, } | { "command": "comparison_exchange", id: string, exchange: number, } | { "command": "comparison_remove", id: string, };

/**
 * An account that both backends take, as it was typed. It is in no file and in no log.
 */
export type CompareAccount = { phone: string, country: string, 
/**
 * The one code that the test backends send.
 */
otp: string, };

/**
 * Two backends, and who is to be signed in on both.
 */
export type CompareRequest = { 
/**
 * The old backend's address.
 */
blue: string, 
/**
 * The new one's.
 */
green: string, 
/**
 * Hosts that may be compared besides this machine, in plain http too.
 */
allow_hosts?: Array<string>, 
/**
 * A disposable account; without one only what needs no sign-in is compared.
 */
account?: CompareAccount, };

/**
 * All that it found. Nothing in it is secret.
 */
export type Comparison = { 
/**
 * The worst first.
 */
findings: Array<Finding>, 
/**
 * Cases that were not run.
 */
skipped: Array<Skipped>, id: string, summary: Summary, backends: Backends, };

/**
 * Those that were kept, the newest first.
 */
export type ComparisonList = { comparisons: Array<ComparisonRun>, running: ComparisonProgress | null, };

/**
 * How far the comparison that is under way has come.
 */
export type ComparisonProgress = { 
/**
 * It was asked to end, and does so after its case.
 */
ending: boolean, 
/**
 * Cases.
 */
done: number, of: number, 
/**
 * What is next, in a few words: a case by its id.
 */
now: string, 
/**
 * What was found so far.
 */
breaking: number, degrading: number, cosmetic: number, };

/**
 * A comparison that was kept.
 */
export type ComparisonRun = { id: string, summary: Summary, backends: Backends, };

/**
 * Conversions, the newest first.
 */
export type ConversionPage = { conversions: Array<ConversionView>, total: number, 
/**
 * Items of the answer that could not be read.
 */
skipped: number, };

/**
 * How far a conversion has come.
 */
export type ConversionStatus = "queued" | "processing" | "completed" | "failed" | "cancelled";

/**
 * A conversion as a face shows it.
 */
export type ConversionView = { 
/**
 * The job's id at the service; absent when the song had its instrumental before anybody asked.
 */
id: ServerId | null, 
/**
 * Absent for a song that is unknown here.
 */
song: SongView | null, status: ConversionStatus, 
/**
 * 0 to 100.
 */
progress: number, 
/**
 * How many are made before it.
 */
queue_position: number | null, seconds_left: number | null, created_at: string | null, started_at: string | null, completed_at: string | null, 
/**
 * Why it failed, in the service's words.
 */
error: string | null, };

/**
 * A saved song that is not the same on both sides.
 */
export type Difference = { kind: DifferenceKind, 
/**
 * Ours; absent for a song that is only there.
 */
song_id: SongId | null, 
/**
 * The service's id of the song, where it has one.
 */
server_id: ServerId | null, title: string, 
/**
 * The counts, where they differ.
 */
plays_here: number | null, plays_there: number | null, };

export type DifferenceKind = "missing_here" | "missing_there" | "plays";

/**
 * It was done; what came of it is told as events.
 */
export type Done = Record<symbol, never>;

export type DownloadList = { downloads: Array<DownloadRow>, };

export type DownloadRow = { 
/**
 * Ours; what was asked for, when nothing is known under it.
 */
song_id: string, rendition: Rendition, state: DownloadState, 
/**
 * On the disk so far.
 */
bytes: number, total: number | null, 
/**
 * As far as the song is known here; artist too.
 */
title: string | null, artist: string | null, 
/**
 * Why it failed, or what it waits for.
 */
error?: ErrorReport, };

export type DownloadState = "queued" | "running" | "paused" | "done" | "failed";

/**
 * A saved song.
 */
export type EntryId = string;

export type EntryList = { entries: Array<EntryView>, total: number, };

/**
 * Which end comes first.
 */
export type EntryOrder = "asc" | "desc";

/**
 * What the library is sorted by.
 */
export type EntrySort = "added" | "title" | "artist" | "plays";

/**
 * A saved song as a face shows it.
 */
export type EntryView = { id: EntryId, song: SongView, added_at: string, play_count: number, last_played_at: string | null, 
/**
 * Whether a change of this entry is still to be sent.
 */
pending: boolean, downloaded: boolean, };

/**
 * An error as it crosses to a face: a code, a sentence, a request id.
 */
export type ErrorReport = { code: Code, 
/**
 * Names the sentence, for faces that speak another language than English.
 */
key: MessageKey, 
/**
 * What stands in the sentence, by name.
 */
params: { [key in string]: string }, 
/**
 * One or two sentences for a person: what happened, what to do.
 */
message: string, 
/**
 * The service's, or ours when it gave none; absent for what never left this machine.
 */
request_id: string | null, 
/**
 * Whether the same call may pass later, unchanged.
 */
retryable: boolean, };

/**
 * Something that has happened.
 */
export type Event = { "event": "session_changed", signed_in: boolean, } | { "event": "service_changed" } | { "event": "library_changed" } | { "event": "playlists_changed" } | { "event": "history_changed" } | { "event": "sync_changed" } & SyncStatus | { "event": "download_changed" } & DownloadRow | { "event": "conversion_changed" } & ConversionView | { "event": "comparison_progress" } & ComparisonProgress | { "event": "comparisons_changed" } | { "event": "playback" } & PlaybackEvent | { "event": "queue_changed", index: number, queue_len: number, } | { "event": "preferences_changed" } & Preferences | { "event": "offline_changed" } & OfflineStatus;

/**
 * One call with findings, as it went on both sides. Nothing in it is secret.
 */
export type Exchange = { case: string, call: string, blue: ExchangeSide, green: ExchangeSide, };

/**
 * One side of it.
 */
export type ExchangeSide = { 
/**
 * The call for a shell; the token is left to whoever repeats it.
 */
curl: string, 
/**
 * The status, or the code of what kept an answer from coming.
 */
status: string, 
/**
 * JSON in lines, or text; its beginning, when it is long.
 */
body: string, };

export type ExportedPlaylist = { playlist: PlaylistView, 
/**
 * The file's content.
 */
text: string, };

/**
 * One difference.
 */
export type Finding = { case: string, call: string, 
/**
 * A JSON pointer into the answer in the common form, or `status`, `header:NAME`, `latency`.
 */
path: string, kind: Kind, severity: Severity, blue: unknown, green: unknown, why: string, 
/**
 * How many places it stands for.
 */
count: number, 
/**
 * Which of the run's exchanges shows it, from 0; absent for what no single call shows.
 */
exchange?: number, };

export type FoundSongs = { songs: Array<SongView>, total: number, 
/**
 * False when there are more than it was worth counting.
 */
total_exact: boolean, 
/**
 * Items of the answer that could not be read.
 */
skipped: number, from: From, 
/**
 * Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
 */
not_kept?: ErrorReport, };

/**
 * Where an answer came from.
 */
export type From = "service" | "local";

export type FullSong = { in_library: boolean, 
/**
 * Whether a pinned download of the original is complete on the disk.
 */
downloaded: boolean, id: SongId, 
/**
 * The current generation's; `None` while that generation does not know the song.
 */
server_id: ServerId | null, title: string, artist: string, album: string | null, 
/**
 * ISO 639-1, lower case: `hi`, `ta`.
 */
language: string | null, 
/**
 * Whole seconds.
 */
duration_s: number | null, genre: Array<string>, release_year: number | null, 
/**
 * 0 to 100.
 */
popularity: number, explicit: boolean, 
/**
 * Absolute, or relative to the service.
 */
thumbnail_url: string | null, 
/**
 * Catalogue name (`spotify`, `youtube`, `lastfm`) to the song's id there.
 */
external_ids: { [key in string]: string }, audio_files: { [key in Rendition]?: AudioFile }, lyrics: string | null, 
/**
 * Keys as stored (bpm, key, energy, danceability, and whatever else came).
 */
metadata: Record<string, unknown> | null, };

/**
 * What `Health` found.
 */
export type Health = { checks: Array<Check>, };

/**
 * A part of the listening history.
 */
export type HistoryPage = { 
/**
 * The latest first.
 */
listens: Array<ListenView>, total: number, };

/**
 * What only a host can do.
 */
export type HostCommand = { "command": "start_demo" } | { "command": "data_folder" } | { "command": "open_data_folder" } | { "command": "save_diagnostics" } | { "command": "save_playlist", playlist: string, format: PlaylistFormat, } | { "command": "open_comparison", id: string, };

/**
 * What only a host can tell.
 */
export type HostEvent = { "event": "demo_sms", otp: string, } | { "event": "missed" };

export type ImportedPlaylist = { playlist: PlaylistView, 
/**
 * Songs of the file that are in no catalogue that could be asked.
 */
unmatched: Array<UnmatchedSong>, };

/**
 * In what two answers differ.
 */
export type Kind = "rename" | "drop" | "add" | "type" | "value" | "precision" | "encoding" | "order" | "lost" | "doubled" | "extra" | "id" | "shape" | "status" | "header" | "body" | "slow" | "transport" | "expectation";

/**
 * A language that the screens speak.
 */
export type Language = "en" | "hi";

export type ListRequest = { limit: number, offset: number, sort?: EntrySort, order?: EntryOrder, 
/**
 * Only songs that have these words, as a search would find them.
 */
filter?: string, language?: string, };

/**
 * One listen to a song.
 */
export type ListenId = string;

/**
 * One listen to a song, as a face shows it.
 */
export type ListenView = { id: ListenId, song: SongView, rendition: Rendition, 
/**
 * When its first sound was heard.
 */
began_at: string, 
/**
 * How long was listened, in seconds; pauses are not in it.
 */
seconds: number, 
/**
 * Whether the song was heard to its end.
 */
completed: boolean, 
/**
 * Whether it counted as a play: 30 seconds were heard, or half the song if that is less.
 */
counted: boolean, };

/**
 * A file or a folder.
 */
export type LocalPath = { path: string, };

/**
 * What only this machine has of an account: forgotten here, it is nowhere.
 */
export type Losses = { 
/**
 * Changes that the service has not heard of.
 */
pending: number, 
/**
 * Songs that were downloaded, and their bytes.
 */
downloads: number, download_bytes: number, playlists: number, 
/**
 * Of the listening history.
 */
listens: number, };

/**
 * Names a sentence. Finer than a code where a listener needs other words; parameters are named beside.
 */
export type MessageKey = "phone_country" | "phone_india" | "phone_length" | "invalid" | "insecure_address" | "sign_in_needed" | "wrong_otp" | "otp_expired" | "too_often" | "maintenance" | "no_such_host" | "no_connection" | "certificate" | "timed_out" | "service_away" | "working_offline" | "not_the_service" | "strange_host" | "refused" | "service_failed" | "unknown_song" | "unknown_playlist" | "no_audio" | "not_on_this_machine" | "interrupted" | "unsupported_format" | "bad_audio" | "audio_unreadable" | "no_device" | "disk_full" | "read_only" | "damaged" | "newer" | "busy" | "keyring_missing" | "keyring_locked" | "keyring_silent" | "keyring_refused" | "superseded" | "internal";

/**
 * One message of the service.
 */
export type Notification = { 
/**
 * The current generation's: it is nothing that is kept here.
 */
id: ServerId, 
/**
 * The service's own word: `conversion_completed`.
 */
type: string | null, title: string, message: string | null, 
/**
 * What it is about, as the service wrote it.
 */
data: Record<string, unknown>, read: boolean, created_at: string | null, };

/**
 * Notifications, the newest first.
 */
export type NotificationPage = { notifications: Array<Notification>, total: number, 
/**
 * How many are unread over all pages.
 */
unread: number, 
/**
 * Items of the answer that could not be read.
 */
skipped: number, };

/**
 * The state of playback.
 */
export type NowPlaying = { status: PlaybackStatus, 
/**
 * The item that is on; absent when nothing is.
 */
item: QueueItem | null, 
/**
 * Its place in the queue; the queue's length when the queue is over.
 */
index: number, queue_len: number, 
/**
 * Seconds.
 */
at_s: number, duration_s: number | null, rendition: Rendition, 
/**
 * 0 to 1.
 */
volume: number, };

/**
 * Whether the listener works offline: then nothing leaves this machine.
 */
export type OfflineStatus = { offline: boolean, };

export type OneConversion = { conversion: ConversionView, };

export type OneSong = { song: FullSong, 
/**
 * Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
 */
not_kept?: ErrorReport, };

export type OneUser = { user: UserView, };

/**
 * A change that the service has yet to hear of.
 */
export type OperationId = string;

/**
 * A phone number as it was typed. Secret, because it is one.
 */
export type OtpRequest = { phone: string, country: string, };

export type OtpSent = { phone_masked: string, 
/**
 * Seconds.
 */
expires_in: number, };

/**
 * All that a screen needs to begin with.
 */
export type Overview = { 
/**
 * Absent while nobody is signed in.
 */
session: SignedIn | null, service: ServiceInfo, sync: SyncStatus, now_playing: NowPlaying, preferences: Preferences, 
/**
 * Whether the listener works offline.
 */
offline: boolean, 
/**
 * The library's file was damaged, and was made anew when it was opened now.
 */
rescued?: Rescued, };

/**
 * A change that the service keeps refusing; it waits for a person.
 */
export type ParkedOperation = { op: OperationId, 
/**
 * The change in words: `add Monsoon Letters`.
 */
what: string, kind: ChangeKind, 
/**
 * The song's.
 */
title: string, 
/**
 * In a sentence.
 */
reason: string, 
/**
 * Names that sentence, for faces that speak another language; absent for what an earlier version parked.
 */
key?: MessageKey, 
/**
 * What stands in it, by name.
 */
params: { [key in string]: string }, };

/**
 * Where songs come into the queue.
 */
export type Place = "next" | "last";

export type PlayRequest = { 
/**
 * The new queue, in order.
 */
ids: Array<string>, 
/**
 * The place of the song that begins, from 0.
 */
start?: number, rendition?: Rendition, 
/**
 * Where that song begins, in seconds.
 */
from_s?: number, 
/**
 * How much of each song is heard, in seconds; all of it when absent.
 */
for_s?: number, };

/**
 * What the queue and the player are doing.
 */
export type PlaybackEvent = { "playback": "loading", song: SongView, index: number, queue_len: number, } | { "playback": "started", song: SongView, index: number, queue_len: number, rendition: Rendition, duration_s: number | null, format: string, } | { "playback": "position", song_id: SongId, at_s: number, duration_s: number | null, } | { "playback": "buffering", song_id: SongId, } | { "playback": "playing", song_id: SongId, } | { "playback": "paused", song_id: SongId, } | { "playback": "finished" } & PlayedRow | { "playback": "queue_ended" } | { "playback": "rendition_changed", rendition: Rendition, } | { "playback": "volume_changed", volume: number, } | { "playback": "device_lost", message: string, };

export type PlaybackStatus = "stopped" | "loading" | "playing" | "paused" | "buffering";

/**
 * How one song of the queue went.
 */
export type PlayedRow = { 
/**
 * Ours; what was asked for, when nothing is known under it.
 */
song_id: string, 
/**
 * Seconds heard.
 */
seconds: number, 
/**
 * From the accepted command, or the end of the song before, to the first sample handed to the sink.
 */
first_sample_ms: number | null, 
/**
 * The codec's name: `FLAC`.
 */
format: string | null, error: ErrorReport | null, };

export type PlaylistChange = "created" | "renamed" | "deleted" | "added" | "removed" | "moved";

/**
 * A format in which playlists go out. What comes in tells its format itself.
 */
export type PlaylistFormat = "m3u8" | "xspf" | "json";

/**
 * A listener's own list of songs.
 */
export type PlaylistId = string;

/**
 * One place of a playlist: a song may have several.
 */
export type PlaylistItemId = string;

/**
 * One place of a playlist.
 */
export type PlaylistItemView = { id: PlaylistItemId, 
/**
 * Its place in the playlist, from 0.
 */
place: number, song: SongView, added_at: string, };

/**
 * All playlists, by name.
 */
export type PlaylistList = { playlists: Array<PlaylistView>, };

/**
 * A playlist as a face shows it.
 */
export type PlaylistView = { id: PlaylistId, 
/**
 * Several may have the same.
 */
name: string, 
/**
 * How many songs it has, each counted as often as it is in it.
 */
songs: number, 
/**
 * How long they are together, in seconds, as far as that is known.
 */
duration_s: number, created_at: string, changed_at: string, };

/**
 * How the app looks and speaks, for this installation.
 */
export type Preferences = { 
/**
 * Absent: the system's.
 */
language: Language | null, theme: Theme, 
/**
 * What streamed songs may take on the disk, for each account, in bytes; absent: 2 GB.
 */
cache_bytes?: number, 
/**
 * Whether the screens that QA needs are shown.
 */
qa?: boolean, };

/**
 * A song's place in the queue. The same song may stand there twice.
 */
export type QueueItem = { 
/**
 * Names the item for as long as it is in the queue.
 */
item: number, song: SongView, };

/**
 * A part of the queue.
 */
export type QueuePage = { items: Array<QueueItem>, 
/**
 * The place of the first of them.
 */
offset: number, total: number, 
/**
 * The place of the item that is on.
 */
index: number, };

/**
 * One of the two takes of a song on one timeline.
 */
export type Rendition = "original" | "instrumental";

/**
 * A request of the screen: for the core, or for the host itself.
 */
export type Request = { "core": Command } | { "host": HostCommand };

/**
 * A library that was made anew.
 */
export type Rescued = { at: string, 
/**
 * The damaged file's name now, in the account's folder.
 */
kept_as: string, 
/**
 * Whether all of it could be read.
 */
complete: boolean, 
/**
 * What happened, in a sentence.
 */
message: string, };

export type SearchRequest = { query: string, kind?: SearchType, language?: string, source?: Source, limit: number, offset: number, 
/**
 * Search what is on this machine and send nothing.
 */
offline?: boolean, };

/**
 * What a search looks at: title, artist and album, or one of them; a track's is its title.
 */
export type SearchType = "all" | "track" | "artist" | "album";

/**
 * An id that the service gave out. Opaque: an ObjectId, a prefixed word or a UUID, by generation.
 */
export type ServerId = string;

/**
 * The service in use.
 */
export type ServiceInfo = { 
/**
 * As it was given.
 */
address: string, 
/**
 * Its address without prefix and version.
 */
identity: string, };

/**
 * What a difference is to the client, the least first.
 */
export type Severity = "cosmetic" | "degrading" | "breaking";

/**
 * A playlist and its songs, or the part of them that was asked for.
 */
export type ShownPlaylist = { playlist: PlaylistView, items: Array<PlaylistItemView>, };

export type SignedIn = { user: SignedInUser, 
/**
 * The service's identity: its address without prefix and version.
 */
service: string, 
/**
 * `blue` or `green`, as last seen.
 */
dialect: string | null, };

export type SignedInUser = { id: ServerId, phone_masked: string, name: string | null, };

export type SignedOut = { 
/**
 * Changes that wait on this machine for the next sign-in.
 */
pending_kept: number, 
/**
 * What is gone from this machine, if it was to be forgotten.
 */
lost?: Losses, };

/**
 * A case that was not run.
 */
export type Skipped = { case: string, why: string, };

/**
 * A song of the catalogue, as this installation knows it.
 */
export type SongId = string;

/**
 * A saved song that a backend does not know.
 */
export type SongUnknownThere = { song_id: SongId, title: string, artist: string, };

/**
 * A song as a face shows it.
 */
export type SongView = { in_library: boolean, 
/**
 * Whether a pinned download of the original is complete on the disk.
 */
downloaded: boolean, id: SongId, 
/**
 * The current generation's; `None` while that generation does not know the song.
 */
server_id: ServerId | null, title: string, artist: string, album: string | null, 
/**
 * ISO 639-1, lower case: `hi`, `ta`.
 */
language: string | null, 
/**
 * Whole seconds.
 */
duration_s: number | null, genre: Array<string>, release_year: number | null, 
/**
 * 0 to 100.
 */
popularity: number, explicit: boolean, 
/**
 * Absolute, or relative to the service.
 */
thumbnail_url: string | null, 
/**
 * Catalogue name (`spotify`, `youtube`, `lastfm`) to the song's id there.
 */
external_ids: { [key in string]: string }, audio_files: { [key in Rendition]?: AudioFile }, };

/**
 * One output.
 */
export type SoundDevice = { id: string, name: string, };

/**
 * Where sound can go.
 */
export type SoundDevices = { devices: Array<SoundDevice>, 
/**
 * Absent: the system's own choice.
 */
chosen: string | null, };

/**
 * Where the service takes search results from.
 */
export type Source = "spotify" | "youtube" | "lastfm" | "all";

/**
 * What streamed songs take on this machine, of the account that is on.
 */
export type StreamCache = { songs: number, bytes: number, 
/**
 * The most that they may take.
 */
most: number, };

/**
 * How much there is of each.
 */
export type Summary = { 
/**
 * Cases that were run.
 */
cases: number, findings: number, 
/**
 * Places at which the two differ as the table of shapes says.
 */
expected: number, 
/**
 * Places at which blue differs from itself.
 */
noise: number, skipped: number, 
/**
 * Places that a rule of normalising, or one that lets something be, hid.
 */
hidden: number, breaking: number, degrading: number, cosmetic: number, 
/**
 * Findings that the baseline has already; they are not among the others.
 */
known: number, calls: number, };

/**
 * One switch.
 */
export type Switch = { 
/**
 * When the library was first read through after it.
 */
at: string, 
/**
 * `blue` or `green`; the same as `to` when a backend was built anew.
 */
from: string, to: string, 
/**
 * Saved songs when it happened.
 */
songs_before: number, 
/**
 * How many of them the other backend had too.
 */
matched: number, 
/**
 * How many were queued to be saved there again.
 */
refilled: number, 
/**
 * How many changes that only another backend had heard were queued again.
 */
replayed: number, 
/**
 * Saved songs that it does not know. They are kept here.
 */
unmatched: Array<SongUnknownThere>, 
/**
 * When it had heard all of that; absent while it has not.
 */
finished_at: string | null, };

/**
 * What became of the library at each switch from one backend to another, the latest first.
 */
export type Switches = { switches: Array<Switch>, };

/**
 * How much of the service's library has been read.
 */
export type SyncProgress = { 
/**
 * Saved songs.
 */
done: number, total: number, };

export type SyncState = "idle" | "running" | "offline" | "waiting" | "sign_in_needed" | "failed";

export type SyncStatus = { state: SyncState, entries: number, pending: number, parked: Array<ParkedOperation>, 
/**
 * Plays of the last 30 days that the service may have counted or not: they are not sent again, for a play that is
 * sent twice counts twice.
 */
uncertain: number, until: string | null, 
/**
 * While the whole library is read.
 */
progress?: SyncProgress, 
/**
 * Why the last sync failed, in a sentence.
 */
reason?: string, };

/**
 * What was taken back; both absent when there was nothing.
 */
export type TakenBack = { change: PlaylistChange | null, 
/**
 * As it is now; as it was, if it is its making that was taken back.
 */
playlist: PlaylistView | null, };

export type Theme = "system" | "light" | "dark";

/**
 * The span over which trending counts.
 */
export type Timeframe = "daily" | "weekly" | "monthly";

export type TrendingRequest = { language?: string, timeframe?: Timeframe, limit: number, 
/**
 * What is known on this machine, without asking.
 */
offline?: boolean, };

export type TrendingSongs = { songs: Array<SongView>, 
/**
 * Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
 */
not_kept?: ErrorReport, };

export type UnmatchedSong = { 
/**
 * Its place in the file, from 0.
 */
place: number, title: string, artist: string, duration_s: number | null, };

/**
 * What is left unread after some were read.
 */
export type UnreadNotifications = { unread: number, };

/**
 * What to change; what is absent stays.
 */
export type UserChange = { name: string | null, preferences: UserPreferences, };

/**
 * What a listener likes; absent where the service was not told.
 */
export type UserPreferences = { 
/**
 * ISO 639-1.
 */
languages: Array<string> | null, genres: Array<string> | null, auto_convert_to_instrumental: boolean | null, notifications_enabled: boolean | null, };

/**
 * What the service adds up about a listener.
 */
export type UserTotals = { songs: number | null, 
/**
 * Seconds.
 */
playtime_s: number | null, conversions: number | null, joined_at: string | null, };

/**
 * The one who is signed in, as the service tells it.
 */
export type UserView = { id: ServerId, phone_masked: string, name: string | null, avatar_url: string | null, preferences: UserPreferences, stats: UserTotals, };

/**
 * The library here beside the service's.
 */
export type Verification = { 
/**
 * Saved songs here, and there.
 */
here: number, there: number, 
/**
 * Songs with a change that is still to be sent: how they differ is no finding.
 */
pending: number, differences: Array<Difference>, };

/**
 * What decoding every download found.
 */
export type VerifiedDownloads = { checked: number, 
/**
 * Those that cannot be heard to their end any more.
 */
damaged: Array<DownloadRow>, };

/** What each command brings back. */
export interface Replies {
  overview: Overview
  request_otp: OtpSent
  verify_otp: SignedIn
  whoami: SignedIn
  logout: SignedOut
  losses: Losses
  use_service: Done
  search: FoundSongs
  trending: TrendingSongs
  song: OneSong
  library_list: EntryList
  library_add: ChangedEntries
  library_remove: ChangedEntries
  library_sync: SyncStatus
  library_status: SyncStatus
  library_retry: SyncStatus
  library_discard: SyncStatus
  library_verify: Verification
  library_switches: Switches
  download: DownloadList
  download_saved: DownloadList
  download_playlist: DownloadList
  downloads: DownloadList
  downloads_continue: DownloadList
  downloads_pause: DownloadList
  downloads_resume: DownloadList
  downloads_remove: DownloadList
  downloads_verify: VerifiedDownloads
  playlist_list: PlaylistList
  playlist_show: ShownPlaylist
  playlist_create: ChangedPlaylist
  playlist_rename: ChangedPlaylist
  playlist_delete: ChangedPlaylist
  playlist_add: ChangedPlaylist
  playlist_remove: ChangedPlaylist
  playlist_move: ChangedPlaylist
  playlist_undo: TakenBack
  playlist_export: ExportedPlaylist
  playlist_import: ImportedPlaylist
  history: HistoryPage
  convert: OneConversion
  conversions: ConversionPage
  notifications: NotificationPage
  notifications_read: UnreadNotifications
  profile: OneUser
  profile_change: OneUser
  profile_avatar: OneUser
  play: Done
  pause: Done
  resume: Done
  toggle: Done
  stop: Done
  next: Done
  previous: Done
  seek: Done
  set_volume: Done
  choose_rendition: Done
  now_playing: NowPlaying
  queue_list: QueuePage
  enqueue: Done
  move_in_queue: Done
  remove_from_queue: Done
  jump_in_queue: Done
  clear_queue: Done
  sound_devices: SoundDevices
  choose_sound_device: Done
  set_preferences: Done
  stream_cache: StreamCache
  work_offline: OfflineStatus
  offline_status: OfflineStatus
  health: Health
  compare: ComparisonRun
  compare_end: Done
  comparisons: ComparisonList
  comparison: Comparison
  comparison_exchange: Exchange
  comparison_remove: Done
}

export interface HostReplies {
  start_demo: Done
  data_folder: LocalPath
  open_data_folder: LocalPath
  save_diagnostics: LocalPath
  save_playlist: LocalPath
  open_comparison: LocalPath
}
