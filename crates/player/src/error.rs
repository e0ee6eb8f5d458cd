//! What can go wrong between a file's bytes and the loudspeaker.

use std::io;

use serde::{Serialize, Serializer};

/// A failure of the player, with a sentence for people in its `Display`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Error {
    /// The bytes are of a kind that cannot be played here; `format` names it ("WMA", "web page").
    #[error("This song can't be played: {format} is not a supported format.")]
    Unsupported {
        /// The name of the format, as a listener would know it.
        format: String,
    },
    /// The bytes claim to be a known format, but are damaged, empty or cut short.
    #[error("This song's audio is damaged: {reason}.")]
    BadAudio {
        /// What is wrong, as the middle of a sentence.
        reason: String,
    },
    /// Reading the bytes failed: a missing file, a lost connection.
    #[error("This song's audio can't be read: {message}.")]
    Source {
        /// The kind of the I/O error, as its Rust name (`NotFound`, `TimedOut`).
        #[serde(rename = "io", serialize_with = "kind_name")]
        kind: io::ErrorKind,
        /// The source's own words.
        message: String,
    },
    /// There is no device to play on, or it can't be opened.
    #[error("No sound device is available: {message}.")]
    NoDevice {
        /// The system's own words.
        message: String,
    },
    /// The output refused the samples: a recording's disk is full, its folder read-only.
    #[error("The sound can't be written: {message}.")]
    Output {
        /// The kind of the I/O error, as its Rust name (`StorageFull`, `PermissionDenied`).
        #[serde(rename = "io", serialize_with = "kind_name")]
        kind: io::ErrorKind,
        /// The system's own words.
        message: String,
    },
    /// The song was to begin where it is over already.
    #[error("This song is shorter: it is over before the place where it was to begin.")]
    PastEnd,
    /// The source only runs forward, and the asked place lies behind.
    #[error("This stream can't go back.")]
    NotSeekable,
}

/// The room's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn unsupported(format: impl Into<String>) -> Self {
        Self::Unsupported { format: format.into() }
    }

    pub(crate) fn bad(reason: impl Into<String>) -> Self {
        Self::BadAudio { reason: reason.into() }
    }

    pub(crate) fn source(error: &io::Error) -> Self {
        Self::Source { kind: error.kind(), message: error.to_string() }
    }

    pub(crate) fn output(error: &io::Error) -> Self {
        Self::Output { kind: error.kind(), message: error.to_string() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn kind_name<S: Serializer>(kind: &io::ErrorKind, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{kind:?}"))
}
