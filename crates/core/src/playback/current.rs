//! The song that is on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use melody_model::{Rendition, SongId, SongView};
use melody_player::RequestId;
use tokio::task::AbortHandle;

use crate::{ErrorReport, PlaybackEvent, PlaybackStatus, PlayedRow, context::Account};

pub(super) struct Current {
    pub(super) request: RequestId,
    pub(super) id: SongId,
    /// Whose library it is from, and whose listen it is, even when somebody else signs in meanwhile.
    pub(super) account: Arc<Account>,
    pub(super) rendition: Rendition,
    /// When it was asked for, or its turn came.
    pub(super) accepted: Instant,
    pub(super) from: Duration,
    /// As the listener wishes it; the player follows.
    pub(super) paused: bool,
    /// When `player.play` was called.
    pub(super) handed_over: Option<Instant>,
    pub(super) song: Option<SongView>,
    pub(super) duration: Option<Duration>,
    pub(super) position: Duration,
    pub(super) started: bool,
    pub(super) buffering: bool,
    pub(super) first_sample: Option<Duration>,
    pub(super) format: Option<String>,
    /// Its bytes are being fetched; a song that is left is not fetched on.
    pub(super) loading: Option<Loading>,
}

/// A task that ends with whoever waits for it.
pub(super) struct Loading(pub(super) AbortHandle);

impl Drop for Loading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Current {
    pub(super) fn new(
        request: RequestId,
        id: SongId,
        account: Arc<Account>,
        rendition: Rendition,
        accepted: Instant,
        from: Duration,
    ) -> Self {
        Self {
            request,
            id,
            account,
            rendition,
            accepted,
            from,
            paused: false,
            handed_over: None,
            song: None,
            duration: None,
            position: from,
            started: false,
            buffering: false,
            first_sample: None,
            format: None,
            loading: None,
        }
    }

    pub(super) fn status(&self) -> PlaybackStatus {
        if self.paused {
            PlaybackStatus::Paused
        } else if self.buffering {
            PlaybackStatus::Buffering
        } else if self.started {
            PlaybackStatus::Playing
        } else {
            PlaybackStatus::Loading
        }
    }

    pub(super) fn row(self, heard: Duration, error: Option<ErrorReport>) -> PlayedRow {
        PlayedRow {
            song_id: self.id.to_string(),
            seconds: heard.as_secs_f64(),
            first_sample_ms: self.first_sample.map(|d| d.as_secs_f64() * 1000.0),
            format: self.format,
            error,
        }
    }

    pub(super) fn position_event(&self) -> PlaybackEvent {
        PlaybackEvent::Position {
            song_id: self.id,
            at_s: self.position.as_secs_f64(),
            duration_s: self.duration.map(|d| d.as_secs_f64()),
        }
    }
}
