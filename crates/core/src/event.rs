//! Facts that come back up. Faces render them; nobody asks twice.

use melody_model::{Rendition, SongId, SongView};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    ComparisonProgress, ConversionView, DownloadRow, ErrorReport, OfflineStatus, Preferences, SyncStatus,
};

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Somebody signed in or out.
    SessionChanged {
        signed_in: bool,
    },
    /// Another service took the place of the one before.
    ServiceChanged,
    /// Library rows changed: read again what shows them.
    LibraryChanged,
    /// Playlists came, went or changed.
    PlaylistsChanged,
    /// A listen was added to the history.
    HistoryChanged,
    SyncChanged(SyncStatus),
    DownloadChanged(DownloadRow),
    /// An instrumental that is waited for has come further.
    ConversionChanged(Box<ConversionView>),
    /// The comparison that is under way has come further.
    ComparisonProgress(ComparisonProgress),
    /// Comparisons came or went: the one that was under way is over, or one was removed.
    ComparisonsChanged,
    Playback(PlaybackEvent),
    /// Songs came, went or moved in the queue, or another one is on: read again the part that shows.
    QueueChanged {
        index: usize,
        queue_len: usize,
    },
    PreferencesChanged(Preferences),
    /// The listener works offline from now on, or no longer.
    OfflineChanged(OfflineStatus),
}

/// What the queue and the player are doing.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "playback", rename_all = "snake_case")]
pub enum PlaybackEvent {
    /// A song of the queue is being fetched; nothing is heard yet.
    Loading {
        song: Box<SongView>,
        index: usize,
        queue_len: usize,
    },
    /// Its first sample went out.
    Started {
        song: Box<SongView>,
        index: usize,
        queue_len: usize,
        rendition: Rendition,
        duration_s: Option<f64>,
        format: String,
    },
    /// About four times a second while something is heard, and after each seek.
    Position {
        song_id: SongId,
        at_s: f64,
        duration_s: Option<f64>,
    },
    /// The source is slower than the song: silence until it catches up.
    Buffering {
        song_id: SongId,
    },
    Playing {
        song_id: SongId,
    },
    Paused {
        song_id: SongId,
    },
    /// The song ended, was skipped, stopped, or failed.
    Finished(PlayedRow),
    /// Nothing more comes: the queue is over, or playback was stopped.
    QueueEnded,
    /// What is on goes on in another rendition, and so does what comes.
    RenditionChanged {
        rendition: Rendition,
    },
    /// Also when the output is opened, so that a face knows where it stands.
    VolumeChanged {
        volume: f32,
    },
    /// The output device went away; playback is paused until it is resumed on another.
    DeviceLost {
        message: String,
    },
}

/// How one song of the queue went.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct PlayedRow {
    /// Ours; what was asked for, when nothing is known under it.
    pub song_id: String,
    /// Seconds heard.
    pub seconds: f64,
    /// From the accepted command, or the end of the song before, to the first sample handed to the sink.
    pub first_sample_ms: Option<f64>,
    /// The codec's name: `FLAC`.
    pub format: Option<String>,
    pub error: Option<ErrorReport>,
}
