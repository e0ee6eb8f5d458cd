//! How long nothing was heard that should have been.

use std::time::Duration;

use melody_core::PlaybackEvent;
use melody_model::SongId;

/// Songs do not follow each other without a breath, and events come a moment late on a busy machine.
const BREATH: Duration = Duration::from_secs(1);

/// What one listener hears, by what the player says.
#[derive(Debug)]
pub(crate) struct Ear {
    /// Since when it has been silent, and whether a breath of that is usual.
    silent: Option<(Duration, bool)>,
    /// The last position that was told: of which song, where, when.
    last: Option<(SongId, f64, Duration)>,
    total: Duration,
}

/// Nothing is heard yet.
impl Default for Ear {
    fn default() -> Self {
        Self { silent: Some((Duration::ZERO, false)), last: None, total: Duration::ZERO }
    }
}

impl Ear {
    /// Counts from now on if something is heard now, and says whether it is.
    pub fn begin(&mut self) -> bool {
        if self.silent.is_none() {
            self.total = Duration::ZERO;
        }
        self.silent.is_none()
    }

    /// Takes in what happened `now` since any fixed moment.
    pub fn hears(&mut self, event: &PlaybackEvent, now: Duration) {
        match event {
            PlaybackEvent::Started { .. } | PlaybackEvent::Playing { .. } => self.sounds(now),
            PlaybackEvent::Position { song_id, at_s, .. } => self.goes_on(*song_id, *at_s, now),
            PlaybackEvent::Loading { .. } | PlaybackEvent::Finished(_) => self.falls_silent(now, true),
            PlaybackEvent::Buffering { .. }
            | PlaybackEvent::Paused { .. }
            | PlaybackEvent::QueueEnded
            | PlaybackEvent::DeviceLost { .. } => self.falls_silent(now, false),
            PlaybackEvent::RenditionChanged { .. } | PlaybackEvent::VolumeChanged { .. } => {}
        }
    }

    /// In all, until `now`.
    pub fn silence(&self, now: Duration) -> Duration {
        self.total + self.silent.map_or(Duration::ZERO, |silent| length(silent, now))
    }

    fn falls_silent(&mut self, now: Duration, breath: bool) {
        self.last = None;
        self.silent = match self.silent {
            // What began as a breath and is told as silence was one from its beginning.
            Some((since, was)) => Some((since, was && breath)),
            None => Some((now, breath)),
        };
    }

    fn sounds(&mut self, now: Duration) {
        self.total = self.silence(now);
        self.silent = None;
        self.last = None;
    }

    /// Positions are of what was heard: where the clock went further than they did, it was silent.
    fn goes_on(&mut self, song: SongId, at_s: f64, now: Duration) {
        if let Some((of, before_s, then)) = self.last
            && of == song
            && at_s >= before_s
        {
            let missing = now.saturating_sub(then).as_secs_f64() - (at_s - before_s);
            if missing > BREATH.as_secs_f64() {
                self.total += Duration::from_secs_f64(missing);
            }
        }
        self.last = Some((song, at_s, now));
    }
}

fn length((since, breath): (Duration, bool), now: Duration) -> Duration {
    let length = now.saturating_sub(since);
    if breath && length <= BREATH { Duration::ZERO } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    fn song() -> SongId {
        SongId::new()
    }

    fn position(song_id: SongId, at_s: f64) -> PlaybackEvent {
        PlaybackEvent::Position { song_id, at_s, duration_s: None }
    }

    #[test]
    fn silence_is_counted_from_where_it_begins_to_where_it_ends() {
        let (mut ear, song) = (Ear::default(), song());
        assert!(!ear.begin());
        assert_eq!(ear.silence(at(4.0)), at(4.0), "nothing has begun");
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(5.0));
        assert!(ear.begin());
        ear.hears(&PlaybackEvent::Buffering { song_id: song }, at(10.0));
        assert_eq!(ear.silence(at(12.0)), at(2.0), "it goes on");
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(13.0));
        assert_eq!(ear.silence(at(20.0)), at(3.0));
        ear.hears(&PlaybackEvent::QueueEnded, at(20.0));
        assert_eq!(ear.silence(at(60.0)), at(43.0));
    }

    #[test]
    fn a_breath_between_songs_is_none_and_a_long_one_is() {
        let (mut ear, song) = (Ear::default(), song());
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(0.0));
        let row = || melody_core::PlayedRow {
            song_id: song.to_string(),
            seconds: 1.0,
            first_sample_ms: None,
            format: None,
            error: None,
        };
        ear.hears(&PlaybackEvent::Finished(row()), at(1.0));
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(1.4));
        assert_eq!(ear.silence(at(2.0)), Duration::ZERO);
        ear.hears(&PlaybackEvent::Finished(row()), at(2.0));
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(5.0));
        assert_eq!(ear.silence(at(6.0)), at(3.0));
        // The song that follows does not come at all.
        ear.hears(&PlaybackEvent::Finished(row()), at(6.0));
        ear.hears(&PlaybackEvent::QueueEnded, at(6.1));
        assert_eq!(ear.silence(at(6.5)), at(3.5));
    }

    #[test]
    fn a_player_that_stands_still_and_says_nothing_is_silent() {
        let (mut ear, song) = (Ear::default(), song());
        ear.hears(&PlaybackEvent::Playing { song_id: song }, at(0.0));
        ear.hears(&position(song, 1.0), at(1.0));
        // Late, and all of it was heard.
        ear.hears(&position(song, 5.0), at(5.2));
        assert_eq!(ear.silence(at(5.2)), Duration::ZERO);
        ear.hears(&position(song, 5.5), at(9.7));
        assert_eq!(ear.silence(at(9.7)), at(4.0));
    }
}
