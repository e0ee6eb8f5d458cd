//! The codes of errors. A code exists only because someone acts on it.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::MessageKey;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        /// What kind of failure it was, for programs. The words are those of the contract and the
        /// command line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl Code {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for Code {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}

codes! {
    Usage = "USAGE",
    InsecureAddress = "INSECURE_ADDRESS",
    ValidationError = "VALIDATION_ERROR",
    AuthRequired = "AUTH_REQUIRED",
    InvalidToken = "INVALID_TOKEN",
    Unreachable = "UNREACHABLE",
    NotTheService = "NOT_THE_SERVICE",
    Maintenance = "MAINTENANCE",
    Offline = "OFFLINE",
    InvalidOtp = "INVALID_OTP",
    OtpExpired = "OTP_EXPIRED",
    RateLimitExceeded = "RATE_LIMIT_EXCEEDED",
    ResourceNotFound = "RESOURCE_NOT_FOUND",
    ExternalApiError = "EXTERNAL_API_ERROR",
    ProcessingError = "PROCESSING_ERROR",
    ServiceError = "SERVICE_ERROR",
    StorageFull = "STORAGE_FULL",
    StorageReadOnly = "STORAGE_READ_ONLY",
    StorageBusy = "STORAGE_BUSY",
    StorageNewer = "STORAGE_NEWER",
    StorageDamaged = "STORAGE_DAMAGED",
    Keyring = "KEYRING",
    NoAudio = "NO_AUDIO",
    UnsupportedFormat = "UNSUPPORTED_FORMAT",
    BadAudio = "BAD_AUDIO",
    NoDevice = "NO_DEVICE",
    /// A newer request took this one's place; nobody waits for its answer.
    Superseded = "SUPERSEDED",
}

impl ErrorReport {
    /// What a face found out itself, before anything was asked of the core.
    pub fn local(code: Code, message: String) -> Self {
        let params = BTreeMap::from([("detail", message.clone())]);
        Self {
            code,
            key: MessageKey::Invalid,
            params,
            message,
            request_id: None,
            retryable: false,
            local: true,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error as it crosses to a face: a code, a sentence, a request id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ErrorReport {
    pub code: Code,
    /// Names the sentence, for faces that speak another language than English.
    pub key: MessageKey,
    /// What stands in the sentence, by name.
    pub params: BTreeMap<&'static str, String>,
    /// One or two sentences for a person: what happened, what to do.
    pub message: String,
    /// The service's, or ours when it gave none; absent for what never left this machine.
    pub request_id: Option<String>,
    /// Whether the same call may pass later, unchanged.
    pub retryable: bool,
    /// True when we could tell ourselves, before anything was asked of the service.
    #[serde(skip)]
    #[ts(skip)]
    pub local: bool,
}
