//! Saved songs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EntryId, JsonMap, RemoteSong, ServerId, SongView};

/// A saved song in an answer of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteEntry {
    pub server_id: ServerId,
    pub song: RemoteSong,
    pub added_at: Option<Timestamp>,
    pub play_count: u64,
    pub last_played_at: Option<Timestamp>,
    pub has_instrumental: bool,
    /// Fields that this client has no name for (instrumental status among them), kept as they came.
    pub extra: JsonMap,
}

/// A saved song as a face shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EntryView {
    pub id: EntryId,
    pub song: SongView,
    #[ts(type = "string")]
    pub added_at: Timestamp,
    pub play_count: u64,
    #[ts(type = "string | null")]
    pub last_played_at: Option<Timestamp>,
    /// Whether a change of this entry is still to be sent.
    pub pending: bool,
    pub downloaded: bool,
}
