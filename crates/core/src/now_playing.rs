//! What is on, and what comes next, as a face shows it.

use melody_model::{Rendition, SongView};
use serde::Serialize;
use ts_rs::TS;

/// The state of playback.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct NowPlaying {
    pub status: PlaybackStatus,
    /// The item that is on; absent when nothing is.
    pub item: Option<QueueItem>,
    /// Its place in the queue; the queue's length when the queue is over.
    pub index: usize,
    pub queue_len: usize,
    /// Seconds.
    pub at_s: f64,
    pub duration_s: Option<f64>,
    pub rendition: Rendition,
    /// 0 to 1.
    pub volume: f32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackStatus {
    #[default]
    Stopped,
    Loading,
    Playing,
    Paused,
    Buffering,
}

/// A song's place in the queue. The same song may stand there twice.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct QueueItem {
    /// Names the item for as long as it is in the queue.
    pub item: u64,
    pub song: SongView,
}

/// A part of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct QueuePage {
    pub items: Vec<QueueItem>,
    /// The place of the first of them.
    pub offset: usize,
    pub total: usize,
    /// The place of the item that is on.
    pub index: usize,
}
