//! What the player tells the room above: one enum of facts.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::Error;

/// The caller's name for one `play`; it comes back in every event about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// What kind of audio a source turned out to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Format {
    /// As a listener knows it: "MP3", "AAC", "FLAC", "Ogg Vorbis", "Opus", "WAV", "ALAC".
    pub name: String,
    /// The codec's short name: "mp3", "aac", "pcm_s16le".
    pub codec: String,
    /// Frames per second in the file.
    pub sample_rate: u32,
    /// Channels in the file.
    pub channels: u16,
    /// Bits per sample, where the codec has such a thing.
    pub bits: Option<u32>,
    /// Average bits per second, when length and duration are both known.
    pub bitrate: Option<u32>,
}

/// Where playback stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Position {
    /// Which song.
    pub request: RequestId,
    /// How far into the song: counted in frames heard, not decoded. Seconds in JSON.
    #[serde(serialize_with = "secs")]
    pub at: Duration,
    /// The song's length, when known. Seconds in JSON.
    #[serde(serialize_with = "opt_secs")]
    pub duration: Option<Duration>,
}

/// A fact from the player. Durations are seconds (a float) in JSON.
///
/// An order to count on, for one request: `Opened`, then `Started` at the first frame heard, and at the end exactly one of
/// `Ended`, `Stopped` or `Failed`. Events of a request that was replaced never follow the replacing one's first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The source was recognised; nothing has been heard yet.
    Opened {
        /// Which song.
        request: RequestId,
        /// What it is.
        format: Format,
        /// Its length, when the file or its length in bytes tells.
        #[serde(serialize_with = "opt_secs")]
        duration: Option<Duration>,
        /// Whether it can go back. (Forward works always.)
        seekable: bool,
    },
    /// The first frame was handed to the sink.
    Started {
        /// Which song.
        request: RequestId,
        /// What it is.
        format: Format,
        /// Its length, when known.
        #[serde(serialize_with = "opt_secs")]
        duration: Option<Duration>,
        /// From the call of `play` to the first frame handed to the sink.
        #[serde(serialize_with = "secs")]
        first_sample: Duration,
    },
    /// The source does not deliver fast enough: silence is heard, the position stands.
    Buffering {
        /// Which song.
        request: RequestId,
    },
    /// Sound goes on, after `Buffering` or a pause.
    Playing {
        /// Which song.
        request: RequestId,
    },
    /// Playback is paused; `position` stands.
    Paused {
        /// Which song.
        request: RequestId,
    },
    /// The position, about four times a second while sound is heard.
    Position(Position),
    /// The song goes on in another take; what follows of it has its `request`.
    Changed {
        /// What it was played under until now.
        from: RequestId,
        /// Which song.
        request: RequestId,
        /// What the take is.
        format: Format,
        /// Its length, when known.
        #[serde(serialize_with = "opt_secs")]
        duration: Option<Duration>,
    },
    /// A seek was done; what is heard next is from `at`.
    Seeked {
        /// Which song.
        request: RequestId,
        /// The place.
        #[serde(serialize_with = "secs")]
        at: Duration,
    },
    /// A seek was not possible; playback goes on where it was.
    SeekFailed {
        /// Which song.
        request: RequestId,
        /// Why.
        error: Error,
    },
    /// The song was played to its end (or to `PlayOptions::stop_after`).
    Ended {
        /// Which song.
        request: RequestId,
        /// How much of it was heard, skipped parts left out.
        #[serde(serialize_with = "secs")]
        heard: Duration,
    },
    /// The song was stopped or replaced by another one.
    Stopped {
        /// Which song.
        request: RequestId,
        /// How much of it was heard, skipped parts left out.
        #[serde(serialize_with = "secs")]
        heard: Duration,
    },
    /// The song can't be played, or not further. What could be decoded has been heard.
    Failed {
        /// Which song.
        request: RequestId,
        /// Why.
        error: Error,
        /// How much of it was heard.
        #[serde(serialize_with = "secs")]
        heard: Duration,
    },
    /// The device went away. Playback is paused at its place; the next `resume` or `play` opens the default device anew.
    DeviceLost {
        /// The system's own words.
        message: String,
    },
    /// The last event: after `shutdown`, when the device has played out or the recording is complete on disk.
    Closed {
        /// A recording that could not be completed.
        error: Option<Error>,
    },
}

fn secs<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(duration.as_secs_f64())
}

#[allow(clippy::ref_option, reason = "serde hands over the field as it is")]
fn opt_secs<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    duration.map(|d| d.as_secs_f64()).serialize(to)
}
