//! The sentence of an error, as a key and parameters: for faces that speak another language than English.

use std::{collections::BTreeMap, io::ErrorKind, time::Duration};

use melody_api::{Reason, Refusal};
use melody_model::PhoneError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Error;

/// Names a sentence. Finer than a code where a listener needs other words; parameters are named beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MessageKey {
    PhoneCountry,
    PhoneIndia,
    PhoneLength,
    /// `detail`, in English.
    Invalid,
    /// `address`.
    InsecureAddress,
    SignInNeeded,
    WrongOtp,
    OtpExpired,
    /// `seconds`, when the service said.
    TooOften,
    /// `seconds`, when the service said.
    Maintenance,
    NoSuchHost,
    NoConnection,
    Certificate,
    TimedOut,
    /// A gateway answered in the service's place, or it broke off.
    ServiceAway,
    WorkingOffline,
    /// `address`.
    NotTheService,
    /// `host`, which nobody allowed for comparisons.
    StrangeHost,
    /// The service refuses; `detail` are its words, when it gave some.
    Refused,
    /// The service failed; `detail` are its words, when it gave some.
    ServiceFailed,
    UnknownSong,
    /// A playlist, or a place of one, that is not there.
    UnknownPlaylist,
    /// `title`, `rendition`.
    NoAudio,
    /// `title`.
    NotOnThisMachine,
    Interrupted,
    /// `format`.
    UnsupportedFormat,
    BadAudio,
    AudioUnreadable,
    NoDevice,
    DiskFull,
    ReadOnly,
    Damaged,
    Newer,
    Busy,
    KeyringMissing,
    KeyringLocked,
    KeyringSilent,
    KeyringRefused,
    Superseded,
    Internal,
}

/// What stands in a sentence, by name.
pub(crate) type Params = BTreeMap<&'static str, String>;

/// The sentence of an error.
pub(crate) fn message(error: &Error) -> (MessageKey, Params) {
    use MessageKey as Key;
    let mut params = Params::new();
    let key = match error {
        Error::Api(e) | Error::Unproven(e) => api(e, &mut params),
        Error::Backend { side, error } => {
            params.insert("side", (*side).to_owned());
            api(error, &mut params)
        }
        Error::StrangeHost { host } => {
            params.insert("host", host.clone());
            Key::StrangeHost
        }
        Error::Library(e) => library(e),
        Error::Player(e) => player(e, &mut params),
        Error::Phone(PhoneError::Country) => Key::PhoneCountry,
        Error::Phone(PhoneError::Indian) => Key::PhoneIndia,
        Error::Phone(PhoneError::National) => Key::PhoneLength,
        Error::Invalid(detail) | Error::Usage(detail) => {
            params.insert("detail", detail.clone());
            Key::Invalid
        }
        Error::SignInNeeded | Error::WhichAccount { .. } => Key::SignInNeeded,
        Error::UnknownId { .. } => Key::UnknownSong,
        Error::NoAudio { title, rendition } => {
            params.insert("title", title.clone());
            params.insert("rendition", (*rendition).to_owned());
            Key::NoAudio
        }
        Error::Offline { title, .. } => {
            params.insert("title", title.clone());
            Key::NotOnThisMachine
        }
        Error::ServiceSwitched | Error::LibraryMoved | Error::SongChanged | Error::CutShort { .. } => {
            Key::Interrupted
        }
        Error::TooLong { .. } | Error::DownloadDamaged => Key::BadAudio,
        Error::NotConverted { reason, .. } => {
            if let Some(reason) = reason {
                params.insert("detail", reason.clone());
            }
            Key::ServiceFailed
        }
        Error::NotSaved => Key::ServiceFailed,
        Error::StorageFull { .. } | Error::NoRoom { .. } => Key::DiskFull,
        Error::StorageReadOnly { .. } => Key::ReadOnly,
        Error::DamagedFile { .. } => Key::Damaged,
        Error::Busy => Key::Busy,
        Error::KeyringMissing => Key::KeyringMissing,
        Error::KeyringLocked => Key::KeyringLocked,
        Error::KeyringSilent => Key::KeyringSilent,
        Error::KeyringRefused => Key::KeyringRefused,
        Error::Superseded | Error::DownloadRemoved => Key::Superseded,
        // In place of a cover that is not there a screen draws something else.
        Error::NoCover | Error::Internal(_) => Key::Internal,
    };
    (key, params)
}

fn api(error: &melody_api::Error, params: &mut Params) -> MessageKey {
    use MessageKey as Key;
    match error {
        melody_api::Error::Usage(detail) => {
            params.insert("detail", detail.clone());
            Key::Invalid
        }
        melody_api::Error::InsecureAddress { address } => {
            params.insert("address", address.clone());
            Key::InsecureAddress
        }
        melody_api::Error::Unreachable(e) => match e.reason {
            Reason::NoSuchHost => Key::NoSuchHost,
            Reason::ConnectionRefused | Reason::NoConnection | Reason::NotSetUp => Key::NoConnection,
            Reason::Certificate => Key::Certificate,
            Reason::TimedOut => Key::TimedOut,
            Reason::BrokenOff | Reason::Gateway => Key::ServiceAway,
        },
        melody_api::Error::NotTheService(e) => {
            params.insert("address", e.address.clone());
            Key::NotTheService
        }
        melody_api::Error::BadAddress { address } => {
            params.insert("address", address.clone());
            Key::NotTheService
        }
        melody_api::Error::Offline => Key::WorkingOffline,
        melody_api::Error::NoSound(_) => Key::AudioUnreadable,
        melody_api::Error::Maintenance { retry_after, .. } => {
            wait(*retry_after, params);
            Key::Maintenance
        }
        melody_api::Error::Refused(refusal) => refused(refusal, params),
        melody_api::Error::SignInNeeded { .. } => Key::SignInNeeded,
        melody_api::Error::TokenStore(_) => Key::KeyringRefused,
    }
}

fn refused(refusal: &Refusal, params: &mut Params) -> MessageKey {
    use melody_api::Code;
    wait(refusal.retry_after, params);
    match refusal.code {
        Code::InvalidOtp => return MessageKey::WrongOtp,
        Code::OtpExpired => return MessageKey::OtpExpired,
        Code::RateLimitExceeded => return MessageKey::TooOften,
        Code::AuthRequired | Code::InvalidToken => return MessageKey::SignInNeeded,
        _ => {}
    }
    if let Some(words) = &refusal.message {
        params.insert("detail", words.clone());
    }
    match refusal.code {
        Code::ValidationError | Code::ResourceNotFound => MessageKey::Refused,
        _ => MessageKey::ServiceFailed,
    }
}

fn wait(retry_after: Option<Duration>, params: &mut Params) {
    if let Some(wait) = retry_after {
        params.insert("seconds", wait.as_secs().max(1).to_string());
    }
}

fn library(error: &melody_library::Error) -> MessageKey {
    use melody_library::Error as Library;
    match error {
        Library::Full => MessageKey::DiskFull,
        Library::Busy => MessageKey::Busy,
        Library::Newer { .. } => MessageKey::Newer,
        Library::Damaged { .. } => MessageKey::Damaged,
        Library::UnknownSong(_) => MessageKey::UnknownSong,
        Library::UnknownPlaylist | Library::UnknownPlaylistItem => MessageKey::UnknownPlaylist,
        // Whatever else the disk says, nothing can be written.
        _ => MessageKey::ReadOnly,
    }
}

fn player(error: &melody_player::Error, params: &mut Params) -> MessageKey {
    use melody_player::Error as Player;
    match error {
        Player::Unsupported { format } => {
            params.insert("format", format.clone());
            MessageKey::UnsupportedFormat
        }
        Player::BadAudio { .. }
        | Player::NotSeekable
        | Player::Source { kind: ErrorKind::FileTooLarge, .. } => MessageKey::BadAudio,
        Player::PastEnd => {
            params.insert("detail", error.to_string());
            MessageKey::Invalid
        }
        Player::Source { kind: ErrorKind::StorageFull, .. }
        | Player::Output { kind: ErrorKind::StorageFull | ErrorKind::QuotaExceeded, .. } => {
            MessageKey::DiskFull
        }
        Player::Source { kind: ErrorKind::NetworkDown, .. } => MessageKey::WorkingOffline,
        Player::Source { .. } => MessageKey::AudioUnreadable,
        Player::NoDevice { .. } => MessageKey::NoDevice,
        Player::Output { .. } => MessageKey::ReadOnly,
    }
}
