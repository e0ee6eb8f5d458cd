//! What can go wrong in the core, and how it is told to a face.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use melody_model::PhoneError;
use thiserror::Error;

use crate::{Code, ErrorReport, message};

/// A failure of a command. `Display` is a sentence for a person: what happened, and what to do.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Api(melody_api::Error),
    #[error(transparent)]
    Library(#[from] melody_library::Error),
    #[error(transparent)]
    Player(#[from] melody_player::Error),
    #[error(transparent)]
    Phone(#[from] PhoneError),

    /// One of two backends that are compared.
    #[error("The {side} backend: {error}")]
    Backend { side: &'static str, error: melody_api::Error },
    /// A host that nobody allowed for comparisons: they write, and sign in again and again.
    #[error(
        "{host} is neither this machine nor a host that you allow for comparisons. Allow it by name with --allow-host {host}."
    )]
    StrangeHost { host: String },

    #[error("{0}")]
    Invalid(String),
    /// The program was started in a way that cannot be.
    #[error("{0}")]
    Usage(String),
    #[error("You are not signed in. Sign in with “melody login”.")]
    SignInNeeded,
    /// More than one account has left its data.
    #[error(
        "The data of {count} accounts are here. Sign in to the one that is to be forgotten, then sign out of it."
    )]
    WhichAccount { count: usize },
    #[error("Nothing is known under “{id}”. Search for the song and use the id that is shown.")]
    UnknownId { id: String, request_id: Option<String> },
    #[error("“{title}” has no {rendition} audio on the service.")]
    NoAudio { title: String, rendition: &'static str },
    #[error("“{title}” is not on this machine. {cause}")]
    Offline { title: String, cause: melody_api::Error },
    #[error("The service changed its backend in the middle of this. Try again; nothing is lost.")]
    ServiceSwitched,
    #[error(
        "The service says that the song is saved already, but its library lacks it. The next sync tries again."
    )]
    NotSaved,
    #[error("No instrumental could be made of “{title}”{}. Try again later.", .reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    NotConverted { title: String, reason: Option<String> },
    /// Somebody said yes in a way that the service does not.
    #[error("{0}")]
    Unproven(melody_api::Error),
    #[error("Your library kept changing while it was compared. Try again when no other device is at it.")]
    LibraryMoved,
    #[error("The song changed on the service while it was being fetched. Try again.")]
    SongChanged,
    #[error("The song's audio does not end: it is more than {} MB.", .most >> 20)]
    TooLong { most: u64 },

    #[error("The connection ended after {at} of {length} bytes. Try again.")]
    CutShort { at: u64, length: u64 },

    #[error("The disk is full: {path} cannot be written. Free some space and try again.", path = .path.display())]
    StorageFull { path: PathBuf },
    #[error(
        "There is not enough room for {} more: {} are missing at {path}. Free some space and try again.",
        in_words(*.bytes), in_words(*.missing), path = .path.display()
    )]
    NoRoom { path: PathBuf, bytes: u64, missing: u64 },
    #[error("{path} cannot be written: {reason}. Choose another folder with --profile, or allow writing there.", path = .path.display())]
    StorageReadOnly { path: PathBuf, reason: String },
    #[error("{path} cannot be used: {reason}. Move it away, or choose another folder with --profile.", path = .path.display())]
    DamagedFile { path: PathBuf, reason: String },
    #[error("Another Melody Studio is writing to this profile. Try again in a moment.")]
    Busy,

    #[error(
        "There is no keyring on this machine to keep your sign-in. Start one (GNOME Keyring, KWallet), or set MELODY_SECRETS=file to keep it in a file that only you can read."
    )]
    KeyringMissing,
    #[error(
        "The keyring is locked. Unlock it, or set MELODY_SECRETS=file to keep your sign-in in a file that only you can read."
    )]
    KeyringLocked,
    #[error(
        "The keyring does not answer. Restart it, or set MELODY_SECRETS=file to keep your sign-in in a file that only you can read."
    )]
    KeyringSilent,
    #[error(
        "The keyring refused. Look at its entry “Melody Studio”, or set MELODY_SECRETS=file to keep your sign-in in a file that only you can read."
    )]
    KeyringRefused,

    #[error("The file of this download is damaged or gone. Download the song again.")]
    DownloadDamaged,
    #[error("The download was removed while it was under way.")]
    DownloadRemoved,

    #[error("There is no cover for this song.")]
    NoCover,
    #[error("A newer search took this one's place.")]
    Superseded,
    #[error("Something went wrong inside: {0}. The log in the profile's folder says more.")]
    Internal(String),
}

impl Error {
    /// An I/O error on a file of the profile, by what a person can do about it.
    pub fn storage(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull { path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::StorageReadOnly { path, reason: error.to_string() }
            }
            _ => Self::DamagedFile { path, reason: error.to_string() },
        }
    }

    /// Nothing is known under an id here, and the service was not asked.
    pub(crate) fn unknown(id: impl std::fmt::Display) -> Self {
        Self::UnknownId { id: id.to_string(), request_id: None }
    }

    /// What should not happen.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    pub fn code(&self) -> Code {
        match self {
            Self::Api(e) | Self::Unproven(e) | Self::Backend { error: e, .. } => {
                e.code().as_str().parse().unwrap_or(Code::ServiceError)
            }
            // The one code of the library that the table does not have is STORAGE_IO: a file that it may not use.
            Self::Library(e) => e.code().parse().unwrap_or(Code::StorageReadOnly),
            Self::Player(e) => player_code(e),
            Self::Phone(_) | Self::Invalid(_) => Code::ValidationError,
            Self::Usage(_) | Self::StrangeHost { .. } => Code::Usage,
            Self::SignInNeeded | Self::WhichAccount { .. } => Code::AuthRequired,
            Self::UnknownId { .. } | Self::NoCover => Code::ResourceNotFound,
            Self::NoAudio { .. } => Code::NoAudio,
            Self::TooLong { .. } | Self::DownloadDamaged => Code::BadAudio,
            Self::NotSaved => Code::ServiceError,
            Self::Offline { .. } => Code::Offline,
            Self::CutShort { .. } | Self::ServiceSwitched | Self::LibraryMoved | Self::SongChanged => {
                Code::Unreachable
            }
            Self::StorageFull { .. } | Self::NoRoom { .. } => Code::StorageFull,
            Self::StorageReadOnly { .. } => Code::StorageReadOnly,
            Self::DamagedFile { .. } => Code::StorageDamaged,
            Self::Busy => Code::StorageBusy,
            Self::KeyringMissing | Self::KeyringLocked | Self::KeyringSilent | Self::KeyringRefused => {
                Code::Keyring
            }
            Self::Superseded | Self::DownloadRemoved => Code::Superseded,
            Self::Internal(_) | Self::NotConverted { .. } => Code::ProcessingError,
        }
    }

    /// Whether the same call may pass later, unchanged.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Api(e) | Self::Unproven(e) | Self::Backend { error: e, .. } => e.retryable(),
            Self::Player(melody_player::Error::Source { .. })
            | Self::Busy
            | Self::Offline { .. }
            | Self::CutShort { .. }
            | Self::ServiceSwitched
            | Self::LibraryMoved
            | Self::SongChanged
            | Self::KeyringLocked
            | Self::KeyringSilent => true,
            other => matches!(other.code(), Code::StorageBusy | Code::StorageFull),
        }
    }

    /// When the service asks to be asked again.
    pub(crate) fn retry_at(&self) -> Option<Timestamp> {
        let Self::Api(e) = self else { return None };
        Timestamp::now().checked_add(e.retry_after()?).ok()
    }

    /// The error as a face shows it.
    pub fn report(&self) -> ErrorReport {
        let (key, params) = message::message(self);
        ErrorReport {
            code: self.code(),
            key,
            params,
            message: self.to_string(),
            request_id: match self {
                Self::Api(e)
                | Self::Unproven(e)
                | Self::Backend { error: e, .. }
                | Self::Offline { cause: e, .. } => e.request_id().map(str::to_owned),
                Self::UnknownId { request_id, .. } => request_id.clone(),
                _ => None,
            },
            retryable: self.retryable(),
            local: matches!(
                self,
                Self::Phone(_)
                    | Self::Invalid(_)
                    | Self::Usage(_)
                    | Self::StrangeHost { .. }
                    | Self::Player(melody_player::Error::PastEnd)
            ),
        }
    }
}

/// A token store's error travels through `api` in a box; here it is itself again.
impl From<melody_api::Error> for Error {
    fn from(error: melody_api::Error) -> Self {
        match error {
            melody_api::Error::TokenStore(source) => match source.0.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::internal(other),
            },
            other => Self::Api(other),
        }
    }
}

impl From<melody_parity::Error> for Error {
    fn from(error: melody_parity::Error) -> Self {
        use melody_parity::Error as Parity;
        match error {
            Parity::Guarded { host } => Self::StrangeHost { host },
            Parity::Side { side, error } => Self::Backend { side, error },
            Parity::Address(error) => error.into(),
            Parity::Unwritable { path, source } => Self::storage(&path, source),
            error @ Parity::File(_) => Self::Usage(error.to_string()),
            error @ Parity::NoCode => Self::Invalid(error.to_string()),
        }
    }
}

/// Bytes as a listener counts them, rounded up: `12 MB`.
fn in_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn player_code(error: &melody_player::Error) -> Code {
    use melody_player::Error as Player;
    match error {
        Player::Unsupported { .. } => Code::UnsupportedFormat,
        Player::BadAudio { .. }
        | Player::NotSeekable
        | Player::Source { kind: io::ErrorKind::FileTooLarge, .. } => Code::BadAudio,
        Player::PastEnd => Code::ValidationError,
        // What is streamed is kept in a temporary file.
        Player::Source { kind: io::ErrorKind::StorageFull, .. }
        | Player::Output { kind: io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, .. } => {
            Code::StorageFull
        }
        Player::Source { kind: io::ErrorKind::NetworkDown, .. } => Code::Offline,
        Player::Source { .. } => Code::Unreachable,
        Player::NoDevice { .. } => Code::NoDevice,
        Player::Output { .. } => Code::StorageReadOnly,
    }
}
