//! What can go wrong with the local database, in the few kinds on which somebody acts.

use std::path::Path;

use melody_model::SongId;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the local database could not do what was asked. Whatever the kind, nothing was half-written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    #[error("The disk is full. Nothing was changed; free some space and try again.")]
    Full,
    #[error("Your library can be read but not changed: its folder or disk is read-only.")]
    ReadOnly,
    #[error("Another Melody Studio is writing to your library. Try again in a moment.")]
    Busy,
    /// `found` and `known` are schema versions.
    #[error(
        "Your library was written by a newer Melody Studio (format {found}; this one knows up to {known}). \
         Update this program; the library was left untouched."
    )]
    Newer { found: i64, known: i64 },
    /// `what` says which file and what is wrong with it.
    #[error("Your library can't be read: {what}. Start again: what can be read of it is then saved.")]
    Damaged { what: String },
    /// The operating system refused in another way; `what` is its word.
    #[error("Your library can't be reached: {what}. Check the disk and the folder's permissions.")]
    Io { what: String },
    #[error("There is no song {0} in your library's catalogue.")]
    UnknownSong(SongId),
    #[error("There is no such playlist. “melody playlist list” shows those that there are.")]
    UnknownPlaylist,
    #[error("The playlist has no such place. “melody playlist show” lists its songs.")]
    UnknownPlaylistItem,
    /// The database's thread has ended.
    #[error("The library is closed.")]
    Closed,
}

/// What every call of this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The code that faces show and scripts rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full => "STORAGE_FULL",
            Self::ReadOnly => "STORAGE_READ_ONLY",
            Self::Busy => "STORAGE_BUSY",
            Self::Newer { .. } => "STORAGE_NEWER",
            Self::Damaged { .. } => "STORAGE_DAMAGED",
            Self::Io { .. } | Self::Closed => "STORAGE_IO",
            Self::UnknownSong(_) | Self::UnknownPlaylist | Self::UnknownPlaylistItem => "RESOURCE_NOT_FOUND",
        }
    }

    /// Whether the disk takes nothing now, whatever is asked.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly)
    }

    /// Names the file in the kinds that carry words.
    pub(crate) fn at(self, path: &Path) -> Self {
        let place = |what| format!("{} ({what})", path.display());
        match self {
            Self::Damaged { what } => Self::Damaged { what: place(what) },
            Self::Io { what } => Self::Io { what: place(what) },
            other => other,
        }
    }

    /// A stored value that this program could not have written.
    pub(crate) fn unreadable(what: impl ToString) -> Self {
        Self::Damaged { what: what.to_string() }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::unreadable(error),
            Some(_) => Self::Io { what: error.to_string() },
            None => match error {
                Sql::FromSqlConversionFailure(..)
                | Sql::InvalidColumnType(..)
                | Sql::IntegralValueOutOfRange(..) => Self::unreadable(error),
                _ => Self::Io { what: error.to_string() },
            },
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io { what: error.to_string() },
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::unreadable(error)
    }
}
