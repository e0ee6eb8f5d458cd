//! Playlists: a listener's own lists of songs, which the service knows nothing of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{PlaylistId, PlaylistItemId, SongView};

/// A playlist as a face shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlaylistView {
    pub id: PlaylistId,
    /// Several may have the same.
    pub name: String,
    /// How many songs it has, each counted as often as it is in it.
    pub songs: u64,
    /// How long they are together, in seconds, as far as that is known.
    pub duration_s: u64,
    #[ts(type = "string")]
    pub created_at: Timestamp,
    #[ts(type = "string")]
    pub changed_at: Timestamp,
}

/// One place of a playlist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PlaylistItemView {
    pub id: PlaylistItemId,
    /// Its place in the playlist, from 0.
    pub place: u64,
    pub song: SongView,
    #[ts(type = "string")]
    pub added_at: Timestamp,
}
