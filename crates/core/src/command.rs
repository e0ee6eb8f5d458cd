//! Everything that a face can ask of the core, and what it gets back.

use melody_model::{
    EntryOrder, EntrySort, EntryView, OperationId, Rendition, SearchType, ServerId, SongDetails, SongView,
    Source, Timeframe,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// One request of a face. Ids in texts may be ours, the server's or a library entry's.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    RequestOtp(OtpRequest),
    VerifyOtp { otp: SecretString },
    Whoami,
    Logout { forget: bool },
    Search(SearchRequest),
    Trending(TrendingRequest),
    Song { id: String },
    LibraryList(ListRequest),
    LibraryAdd { ids: Vec<String> },
    LibraryRemove { ids: Vec<String> },
    LibrarySync,
    LibraryStatus,
    Download { ids: Vec<String>, rendition: Rendition },
    Play(PlayRequest),
    Pause,
    Resume,
    Stop,
    Next,
    Previous,
    Seek { to_s: f64 },
    SetVolume { volume: f32 },
}

/// What `Command` brings back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    OtpSent(OtpSent),
    SignedIn(SignedIn),
    SignedOut(SignedOut),
    Songs(FoundSongs),
    Trending(TrendingSongs),
    Song(OneSong),
    Entries(EntryList),
    Changed(ChangedEntries),
    Sync(SyncStatus),
    Downloads(DownloadList),
    Done {},
}

/// A phone number as it was typed. Secret, because it is one.
#[derive(Clone, Debug, Deserialize)]
pub struct OtpRequest {
    pub phone: SecretString,
    pub country: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtpSent {
    pub phone_masked: String,
    /// Seconds.
    pub expires_in: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedIn {
    pub user: SignedInUser,
    /// The service's identity: its address without prefix and version.
    pub service: String,
    /// `blue` or `green`, as last seen.
    pub dialect: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedInUser {
    pub id: ServerId,
    pub phone_masked: String,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignedOut {
    /// Changes that wait on this machine for the next sign-in.
    pub pending_kept: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct SearchRequest {
    pub query: String,
    #[serde(default)]
    pub kind: SearchType,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub source: Source,
    pub limit: u32,
    pub offset: u64,
    /// Search what is on this machine and send nothing.
    #[serde(default)]
    pub offline: bool,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    Service,
    Local,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundSongs {
    pub songs: Vec<SongView>,
    pub total: u64,
    /// False when there are more than it was worth counting.
    pub total_exact: bool,
    /// Items of the answer that could not be read.
    pub skipped: usize,
    pub from: From,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct TrendingRequest {
    pub language: Option<String>,
    #[serde(default)]
    pub timeframe: Timeframe,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrendingSongs {
    pub songs: Vec<SongView>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OneSong {
    pub song: FullSong,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FullSong {
    #[serde(flatten)]
    pub view: SongView,
    #[serde(flatten)]
    pub details: SongDetails,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ListRequest {
    pub limit: u32,
    pub offset: u64,
    #[serde(default)]
    pub sort: EntrySort,
    #[serde(default)]
    pub order: EntryOrder,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryList {
    pub entries: Vec<EntryView>,
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedEntries {
    pub entries: Vec<EntryView>,
    /// How the attempt to tell the service ended: why something is still pending.
    pub state: SyncState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncStatus {
    pub state: SyncState,
    pub entries: u64,
    pub pending: u64,
    pub parked: Vec<ParkedOperation>,
    pub until: Option<jiff::Timestamp>,
}

/// A change that the service keeps refusing; it waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParkedOperation {
    pub op: OperationId,
    /// The change in words: `add “Monsoon Letters”`.
    pub what: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DownloadList {
    pub downloads: Vec<DownloadRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    Queued,
    Running,
    Done,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DownloadRow {
    /// Ours; what was asked for, when nothing is known under it.
    pub song_id: String,
    pub rendition: Rendition,
    pub state: DownloadState,
    /// On the disk so far.
    pub bytes: u64,
    pub total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::ErrorReport>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PlayRequest {
    /// The new queue, in order.
    pub ids: Vec<String>,
    #[serde(default)]
    pub rendition: Rendition,
    /// Where the first song begins, in seconds.
    #[serde(default)]
    pub from_s: f64,
    /// How much of each song is heard, in seconds; all of it when absent.
    #[serde(default)]
    pub for_s: Option<f64>,
}
