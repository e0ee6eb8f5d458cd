//! What commands bring back.

use std::collections::BTreeMap;

use melody_model::{
    EntryView, ListenView, OperationId, PlaylistItemView, PlaylistView, Rendition, ServerId, SongDetails,
    SongId, SongView,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Check, ErrorReport, MessageKey, NowPlaying, Rescued};

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct OtpSent {
    pub phone_masked: String,
    /// Seconds.
    pub expires_in: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SignedIn {
    pub user: SignedInUser,
    /// The service's identity: its address without prefix and version.
    pub service: String,
    /// `blue` or `green`, as last seen.
    pub dialect: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SignedInUser {
    pub id: ServerId,
    pub phone_masked: String,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct SignedOut {
    /// Changes that wait on this machine for the next sign-in.
    pub pending_kept: u64,
    /// What is gone from this machine, if it was to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub lost: Option<Losses>,
}

/// What only this machine has of an account: forgotten here, it is nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Losses {
    /// Changes that the service has not heard of.
    pub pending: u64,
    /// Songs that were downloaded, and their bytes.
    pub downloads: u64,
    pub download_bytes: u64,
    pub playlists: u64,
    /// Of the listening history.
    pub listens: u64,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum From {
    Service,
    Local,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct FoundSongs {
    pub songs: Vec<SongView>,
    pub total: u64,
    /// False when there are more than it was worth counting.
    pub total_exact: bool,
    /// Items of the answer that could not be read.
    pub skipped: usize,
    pub from: From,
    /// Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub not_kept: Option<ErrorReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct TrendingSongs {
    pub songs: Vec<SongView>,
    /// Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub not_kept: Option<ErrorReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct OneSong {
    pub song: FullSong,
    /// Why the answer could not be kept on this machine: ids of songs that are new in it end with this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub not_kept: Option<ErrorReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct FullSong {
    #[serde(flatten)]
    pub view: SongView,
    #[serde(flatten)]
    pub details: SongDetails,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct EntryList {
    pub entries: Vec<EntryView>,
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ChangedEntries {
    pub entries: Vec<EntryView>,
    /// How the attempt to tell the service ended: why something is still pending.
    pub state: SyncState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    #[default]
    Idle,
    Running,
    Offline,
    /// Held back by a rate limit or by maintenance, until `until`.
    Waiting,
    SignInNeeded,
    Failed,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct SyncStatus {
    pub state: SyncState,
    pub entries: u64,
    pub pending: u64,
    pub parked: Vec<ParkedOperation>,
    /// Plays of the last 30 days that the service may have counted or not: they are not sent again, for a play that is
    /// sent twice counts twice.
    pub uncertain: u64,
    #[ts(type = "string | null")]
    pub until: Option<jiff::Timestamp>,
    /// While the whole library is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub progress: Option<SyncProgress>,
    /// Why the last sync failed, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// How much of the service's library has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SyncProgress {
    /// Saved songs.
    pub done: u64,
    pub total: u64,
}

/// A change that the service keeps refusing; it waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ParkedOperation {
    pub op: OperationId,
    /// The change in words: `add Monsoon Letters`.
    pub what: String,
    pub kind: ChangeKind,
    /// The song's.
    pub title: String,
    /// In a sentence.
    pub reason: String,
    /// Names that sentence, for faces that speak another language; absent for what an earlier version parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub key: Option<MessageKey>,
    /// What stands in it, by name.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

/// What a listener changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Add,
    Remove,
    Play,
}

/// What became of the library at each switch from one backend to another, the latest first.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Switches {
    pub switches: Vec<Switch>,
}

/// One switch.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Switch {
    /// When the library was first read through after it.
    #[ts(type = "string")]
    pub at: jiff::Timestamp,
    /// `blue` or `green`; the same as `to` when a backend was built anew.
    pub from: String,
    pub to: String,
    /// Saved songs when it happened.
    pub songs_before: u64,
    /// How many of them the other backend had too.
    pub matched: u64,
    /// How many were queued to be saved there again.
    pub refilled: u64,
    /// How many changes that only another backend had heard were queued again.
    pub replayed: u64,
    /// Saved songs that it does not know. They are kept here.
    pub unmatched: Vec<SongUnknownThere>,
    /// When it had heard all of that; absent while it has not.
    #[ts(type = "string | null")]
    pub finished_at: Option<jiff::Timestamp>,
}

/// A saved song that a backend does not know.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct SongUnknownThere {
    pub song_id: SongId,
    pub title: String,
    pub artist: String,
}

/// The library here beside the service's.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Verification {
    /// Saved songs here, and there.
    pub here: u64,
    pub there: u64,
    /// Songs with a change that is still to be sent: how they differ is no finding.
    pub pending: u64,
    pub differences: Vec<Difference>,
}

/// A saved song that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// Ours; absent for a song that is only there.
    pub song_id: Option<SongId>,
    /// The service's id of the song, where it has one.
    pub server_id: Option<ServerId>,
    pub title: String,
    /// The counts, where they differ.
    pub plays_here: Option<u64>,
    pub plays_there: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    MissingHere,
    MissingThere,
    /// The service has heard of plays that this machine has not.
    Plays,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct DownloadList {
    pub downloads: Vec<DownloadRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    /// Asked for, and not under way: its turn comes, or the service cannot be reached.
    Queued,
    Running,
    Paused,
    Done,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct DownloadRow {
    /// Ours; what was asked for, when nothing is known under it.
    pub song_id: String,
    pub rendition: Rendition,
    pub state: DownloadState,
    /// On the disk so far.
    pub bytes: u64,
    pub total: Option<u64>,
    /// As far as the song is known here; artist too.
    pub title: Option<String>,
    pub artist: Option<String>,
    /// Why it failed, or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorReport>,
}

/// What decoding every download found.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct VerifiedDownloads {
    pub checked: u64,
    /// Those that cannot be heard to their end any more.
    pub damaged: Vec<DownloadRow>,
}

/// All that a screen needs to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Overview {
    /// Absent while nobody is signed in.
    pub session: Option<SignedIn>,
    pub service: ServiceInfo,
    pub sync: SyncStatus,
    pub now_playing: NowPlaying,
    pub preferences: Preferences,
    /// Whether the listener works offline.
    pub offline: bool,
    /// The library's file was damaged, and was made anew when it was opened now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rescued: Option<Rescued>,
}

/// The service in use.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ServiceInfo {
    /// As it was given.
    pub address: String,
    /// Its address without prefix and version.
    pub identity: String,
}

/// Whether the listener works offline: then nothing leaves this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct OfflineStatus {
    pub offline: bool,
}

/// How the app looks and speaks, for this installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Preferences {
    /// Absent: the system's.
    pub language: Option<Language>,
    pub theme: Theme,
    /// What streamed songs may take on the disk, for each account, in bytes; absent: 2 GB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cache_bytes: Option<u64>,
    /// Whether the screens that QA needs are shown.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub qa: bool,
}

/// What streamed songs take on this machine, of the account that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct StreamCache {
    pub songs: u64,
    pub bytes: u64,
    /// The most that they may take.
    pub most: u64,
}

/// A language that the screens speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    En,
    Hi,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// What `Health` found.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Health {
    pub checks: Vec<Check>,
}

/// Where sound can go.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct SoundDevices {
    pub devices: Vec<SoundDevice>,
    /// Absent: the system's own choice.
    pub chosen: Option<String>,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SoundDevice {
    pub id: String,
    pub name: String,
}

/// All playlists, by name.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct PlaylistList {
    pub playlists: Vec<PlaylistView>,
}

/// A playlist and its songs, or the part of them that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ShownPlaylist {
    pub playlist: PlaylistView,
    pub items: Vec<PlaylistItemView>,
}

/// A playlist after a change; as it was, if it is gone.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ChangedPlaylist {
    pub playlist: PlaylistView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PlaylistChange {
    Created,
    Renamed,
    Deleted,
    Added,
    Removed,
    Moved,
}

/// What was taken back; both absent when there was nothing.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct TakenBack {
    pub change: Option<PlaylistChange>,
    /// As it is now; as it was, if it is its making that was taken back.
    pub playlist: Option<PlaylistView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ExportedPlaylist {
    pub playlist: PlaylistView,
    /// The file's content.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ImportedPlaylist {
    pub playlist: PlaylistView,
    /// Songs of the file that are in no catalogue that could be asked.
    pub unmatched: Vec<UnmatchedSong>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct UnmatchedSong {
    /// Its place in the file, from 0.
    pub place: u64,
    pub title: String,
    pub artist: String,
    pub duration_s: Option<u32>,
}

/// A part of the listening history.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct HistoryPage {
    /// The latest first.
    pub listens: Vec<ListenView>,
    pub total: u64,
}
