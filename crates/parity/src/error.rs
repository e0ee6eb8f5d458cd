//! Why a comparison could not be made. What a comparison finds is no error.

use std::{io, path::PathBuf};

use thiserror::Error;

/// `Display` is a sentence for people; no variant holds a token, an OTP or a phone number.
#[derive(Debug, Error)]
pub enum Error {
    /// A host that is neither this machine nor on the allow-list: a comparison writes, and signs in again and again.
    #[error(
        "{host} is neither this machine nor a host that you allow for comparisons. Allow it by name with --allow-host {host}."
    )]
    Guarded { host: String },
    /// A suite, baseline or budget that cannot be read.
    #[error("{0}")]
    File(String),
    /// One of the two cannot be asked at all.
    #[error("The {side} backend cannot be compared. {error}")]
    Side { side: &'static str, error: melody_api::Error },
    /// An address that is none.
    #[error(transparent)]
    Address(melody_api::Error),
    /// A report that could not be written.
    #[error("{} cannot be written: {source}.", .path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// The code was asked for and not given.
    #[error("No code was given, so nobody is signed in.")]
    NoCode,
}
