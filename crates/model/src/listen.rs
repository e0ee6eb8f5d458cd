//! The listening history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ListenId, Rendition, SongView};

/// One listen to a song, as a face shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ListenView {
    pub id: ListenId,
    pub song: SongView,
    pub rendition: Rendition,
    /// When its first sound was heard.
    #[ts(type = "string")]
    pub began_at: Timestamp,
    /// How long was listened, in seconds; pauses are not in it.
    pub seconds: f64,
    /// Whether the song was heard to its end.
    pub completed: bool,
    /// Whether it counted as a play: 30 seconds were heard, or half the song if that is less.
    pub counted: bool,
}
