//! The song that is on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use melody_library::Listen;
use melody_model::{ListenId, Rendition, SongId, SongView};
use melody_player::RequestId;
use tokio::task::AbortHandle;

use crate::{ErrorReport, PlaybackEvent, PlaybackStatus, PlayedRow, context::Account};

/// A listen counts after so much of a song, or half of it if that is less (the design's figures).
const COUNTS_AFTER: Duration = Duration::from_secs(30);

/// Positions come several times a second: what is further from the last one was not heard, but skipped.
const STEP: Duration = Duration::from_secs(2);

/// How a listen ended.
pub(super) struct Ended {
    /// How much was heard in all.
    pub(super) heard: Duration,
    /// Whether the song was over.
    pub(super) completed: bool,
}

/// Whether so much of a song is a play.
fn counts(heard: Duration, length: Option<Duration>) -> bool {
    !heard.is_zero() && (heard >= COUNTS_AFTER || length.is_some_and(|length| heard * 2 >= length))
}

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
    /// Where the player is going, until it is there: what it hears meanwhile is not where the listener wants to be.
    pub(super) sought: Option<Duration>,
    pub(super) started: bool,
    /// The listen that this is, and when its first sound was heard.
    listen: ListenId,
    began_at: Option<Timestamp>,
    /// How much was heard, as far as the positions tell; the player tells it exactly at the end.
    heard: Duration,
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
            sought: None,
            started: false,
            listen: ListenId::new(),
            began_at: None,
            heard: Duration::ZERO,
            buffering: false,
            first_sample: None,
            format: None,
            loading: None,
        }
    }

    /// Its first sound is heard.
    pub(super) fn begins(&mut self) {
        self.started = true;
        self.buffering = false;
        self.began_at.get_or_insert_with(Timestamp::now);
    }

    /// The sound has come so far, without a seek in between.
    pub(super) fn goes_on_to(&mut self, at: Duration) {
        self.heard += at.checked_sub(self.position).filter(|step| *step <= STEP).unwrap_or_default();
        self.position = at;
    }

    /// The listen as it stands, or, with what the player told last, as it ended; `None` when nothing was heard.
    pub(super) fn listen(&self, ended: Option<Ended>) -> Option<Listen> {
        let heard = ended.as_ref().map_or(self.heard, |ended| ended.heard);
        Some(Listen {
            id: self.listen,
            song: self.id,
            rendition: self.rendition,
            began_at: self.began_at?,
            heard,
            completed: ended.is_some_and(|ended| ended.completed),
            counts: counts(heard, self.duration),
            told_at: Timestamp::now(),
        })
        .filter(|listen| !listen.heard.is_zero())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_counts_after_thirty_seconds_or_half_the_song() {
        let seconds = Duration::from_secs_f64;
        let cases = [
            (0.0, Some(0.0), false),
            (0.0, None, false),
            (29.9, Some(240.0), false),
            (30.0, Some(240.0), true),
            (9.9, Some(20.0), false),
            (10.0, Some(20.0), true),
            (29.9, None, false),
            (30.0, None, true),
        ];
        for (heard, length, expected) in cases {
            assert_eq!(counts(seconds(heard), length.map(seconds)), expected, "{heard} of {length:?}");
        }
    }
}
