//! What can go wrong between this app and the service: a code, a sentence, a request id.

use std::{error::Error as StdError, fmt, time::Duration};

use thiserror::Error;

use crate::Dialect;

/// The few codes that somebody acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Usage,
    InsecureAddress,
    AuthRequired,
    InvalidToken,
    InvalidOtp,
    OtpExpired,
    RateLimitExceeded,
    ValidationError,
    ResourceNotFound,
    ExternalApiError,
    ProcessingError,
    /// The contract's `STORAGE_ERROR` too: whose storage it was makes no difference to a listener.
    ServiceError,
    Unreachable,
    NotTheService,
    Maintenance,
    Offline,
    Keyring,
    NoAudio,
}

impl Code {
    /// The word that scripts match on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "USAGE",
            Self::InsecureAddress => "INSECURE_ADDRESS",
            Self::AuthRequired => "AUTH_REQUIRED",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::InvalidOtp => "INVALID_OTP",
            Self::OtpExpired => "OTP_EXPIRED",
            Self::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            Self::ValidationError => "VALIDATION_ERROR",
            Self::ResourceNotFound => "RESOURCE_NOT_FOUND",
            Self::ExternalApiError => "EXTERNAL_API_ERROR",
            Self::ProcessingError => "PROCESSING_ERROR",
            Self::ServiceError => "SERVICE_ERROR",
            Self::Unreachable => "UNREACHABLE",
            Self::NotTheService => "NOT_THE_SERVICE",
            Self::Maintenance => "MAINTENANCE",
            Self::Offline => "OFFLINE",
            Self::Keyring => "KEYRING",
            Self::NoAudio => "NO_AUDIO",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every way in which a call can fail. `Display` is a sentence for people; no variant can hold a token, an OTP or
/// a phone number.
#[derive(Debug, Error)]
pub enum Error {
    /// Something that we can tell ourselves without asking the service.
    #[error("{0}")]
    Usage(String),
    /// Plain http to a host that is neither this machine nor allowed by name.
    #[error(
        "{address} is plain http: anyone on the way could read and change what is sent. Use https, or allow this host by name."
    )]
    InsecureAddress { address: String },
    /// Nobody answered, or a gateway said that nobody is there. Worth trying again later.
    #[error("{0}")]
    Unreachable(Box<Unreachable>),
    /// Somebody answered, but not as the service does.
    #[error("{0}")]
    NotTheService(Box<NotTheService>),
    /// The service gave an address of sound or of a cover that leads nowhere; its query is left out.
    #[error("The service gave an address that cannot be used: “{address}”.")]
    BadAddress { address: String },
    /// There is no sound where the service said it would be.
    #[error("{0}")]
    NoSound(Box<NoSound>),
    /// The service is closed for maintenance.
    #[error("Melody Studio is closed for maintenance.{}", after(*retry_after))]
    Maintenance { retry_after: Option<Duration>, request_id: Option<String>, dialect: Option<Dialect> },
    /// Nothing was asked, because nothing may leave this machine now.
    #[error("You are working offline, so nothing is asked of the network.")]
    Offline,
    /// The service itself said no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// There are no tokens, or the service no longer takes them.
    #[error("You are signed out. Sign in to go on.")]
    SignInNeeded { request_id: Option<String> },
    /// The place where tokens are kept failed; the error is the store's own.
    #[error(transparent)]
    TokenStore(#[from] TokenStoreError),
}

impl Error {
    /// The code of this error. A token store's own error has its own code: see [`Error::TokenStore`].
    pub fn code(&self) -> Code {
        match self {
            Self::Usage(_) => Code::Usage,
            Self::InsecureAddress { .. } => Code::InsecureAddress,
            Self::Unreachable(_) => Code::Unreachable,
            Self::NotTheService(_) | Self::BadAddress { .. } => Code::NotTheService,
            Self::NoSound(e) if e.is_page() => Code::NotTheService,
            Self::NoSound(_) => Code::NoAudio,
            Self::Maintenance { .. } => Code::Maintenance,
            Self::Offline => Code::Offline,
            Self::Refused(refusal) => refusal.code,
            Self::SignInNeeded { .. } => Code::AuthRequired,
            Self::TokenStore(_) => Code::Keyring,
        }
    }

    /// What an operator finds this call by: the answer's `X-Request-Id`, else the one that was sent.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Unreachable(e) => e.request_id.as_deref(),
            Self::NotTheService(e) => e.request_id.as_deref(),
            Self::NoSound(e) => e.request_id.as_deref(),
            Self::Maintenance { request_id, .. } | Self::SignInNeeded { request_id } => request_id.as_deref(),
            Self::Refused(e) => e.request_id.as_deref(),
            Self::Usage(_)
            | Self::InsecureAddress { .. }
            | Self::BadAddress { .. }
            | Self::Offline
            | Self::TokenStore(_) => None,
        }
    }

    /// Whether the same call may pass later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NotTheService(_) | Self::Maintenance { .. } => true,
            Self::NoSound(e) => e.is_page(),
            Self::Refused(refusal) => match refusal.code {
                Code::RateLimitExceeded | Code::ExternalApiError => true,
                Code::ProcessingError | Code::ServiceError => refusal.status >= 500,
                _ => false,
            },
            Self::Usage(_)
            | Self::InsecureAddress { .. }
            | Self::BadAddress { .. }
            | Self::Offline
            | Self::SignInNeeded { .. }
            | Self::TokenStore(_) => false,
        }
    }

    /// How long the service asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Maintenance { retry_after, .. } => *retry_after,
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreachable(e) => e.retry_after,
            _ => None,
        }
    }

    /// The dialect in whose shape this refusal came.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        match self {
            Self::Refused(refusal) => refusal.dialect,
            Self::Maintenance { dialect, .. } => *dialect,
            _ => None,
        }
    }

    /// The status that the answer had or, inside a catch-all's 500, really meant.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::NotTheService(e) => Some(e.status),
            Self::Unreachable(e) => e.status,
            Self::NoSound(e) => Some(e.status),
            _ => None,
        }
    }
}

/// Why nobody answered, in the words of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NoSuchHost,
    ConnectionRefused,
    NoConnection,
    /// This machine cannot make any: its certificates or its proxy settings are broken.
    NotSetUp,
    Certificate,
    TimedOut,
    BrokenOff,
    Gateway,
}

/// Transport failed: see [`Error::Unreachable`].
#[derive(Clone, Debug)]
pub struct Unreachable {
    /// Scheme, host and path, without the query.
    pub address: String,
    pub reason: Reason,
    /// A gateway's status.
    pub status: Option<u16>,
    /// The first line of what a gateway said.
    pub first_line: Option<String>,
    pub retry_after: Option<Duration>,
    pub request_id: Option<String>,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match self.reason {
            Reason::NoSuchHost => {
                write!(f, "There is no host by the name in {address}. Check the address and your connection.")
            }
            Reason::ConnectionRefused => {
                write!(
                    f,
                    "{address} refused the connection. Check the address, or try again when the service runs."
                )
            }
            Reason::NoConnection => write!(f, "{address} cannot be reached. Check your connection."),
            Reason::NotSetUp => {
                write!(
                    f,
                    "{address} cannot be reached: this machine's certificates or proxy settings cannot be used."
                )
            }
            Reason::Certificate => {
                write!(
                    f,
                    "{address} cannot prove who it is: its certificate is not trusted. Check the address and this machine's clock."
                )
            }
            Reason::TimedOut => write!(f, "{address} took too long to answer. Try again later."),
            Reason::BrokenOff => {
                write!(f, "{address} broke off in the middle of its answer. Try again later.")
            }
            Reason::Gateway => {
                write!(f, "A gateway answered for {address}")?;
                if let Some(status) = self.status {
                    write!(f, " with status {status}")?;
                }
                write!(
                    f,
                    "{}: the service behind it is away. Try again later.",
                    said(self.first_line.as_deref())
                )
            }
        }
    }
}

/// Somebody else answered: see [`Error::NotTheService`].
#[derive(Clone, Debug)]
pub struct NotTheService {
    /// Scheme, host and path, without the query.
    pub address: String,
    pub status: u16,
    pub what: Strange,
    pub request_id: Option<String>,
}

/// What came in place of an answer of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strange {
    Nothing,
    /// Text that is no JSON; its first line.
    Text(String),
    /// JSON, but not what this call answers. Its contents may be personal and are not repeated.
    OtherJson,
    /// More than this client is willing to read.
    TooLarge,
    /// A redirect to another origin, which is named.
    Redirect(String),
}

impl fmt::Display for NotTheService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered with status {}", self.address, self.status)?;
        match &self.what {
            Strange::Nothing => f.write_str(" and nothing else")?,
            Strange::Text(line) => f.write_str(&said(Some(line)))?,
            Strange::OtherJson => f.write_str(" and JSON that this call does not answer")?,
            Strange::TooLarge => f.write_str(" and more than this app is willing to read")?,
            Strange::Redirect(origin) => write!(f, " and pointed to {origin}")?,
        }
        f.write_str(". That is not Melody Studio: check the address.")
    }
}

/// An address of sound that brings none: see [`Error::NoSound`].
#[derive(Clone, Debug)]
pub struct NoSound {
    /// Scheme, host and path, without the query.
    pub address: String,
    pub status: u16,
    /// The first line of what came instead.
    pub first_line: Option<String>,
    pub request_id: Option<String>,
}

impl NoSound {
    /// Whether it was no refusal, but a page where the sound should be: of a network that wants a sign-in, say. That
    /// passes.
    pub fn is_page(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Display for NoSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The song's audio could not be fetched: {} answered with status {}{}.",
            self.address,
            self.status,
            said(self.first_line.as_deref())
        )
    }
}

/// The service said no: see [`Error::Refused`].
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: Code,
    /// The status that was meant: a catch-all's 500 with `400: …` has 400 here.
    pub status: u16,
    /// The service's own words, without anything secret.
    pub message: Option<String>,
    pub retry_after: Option<Duration>,
    pub request_id: Option<String>,
    /// The shape in which the refusal came.
    pub dialect: Option<Dialect>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.message.as_deref().map(|m| format!(" It said: “{m}”")).unwrap_or_default();
        match self.code {
            Code::InvalidOtp => {
                f.write_str("That code is not right. Check the message, or ask for a new code.")
            }
            Code::OtpExpired => f.write_str("That code has expired. Ask for a new one."),
            Code::RateLimitExceeded => {
                write!(f, "That was too often for the service.{}", after(self.retry_after))
            }
            Code::AuthRequired | Code::InvalidToken => {
                write!(f, "The service does not take your sign-in any more. Sign in again.{words}")
            }
            Code::ValidationError => write!(f, "The service does not accept this.{words}"),
            Code::ResourceNotFound => write!(f, "The service does not have this.{words}"),
            Code::ExternalApiError => {
                write!(
                    f,
                    "A music source behind the service does not answer.{}{words}",
                    after(self.retry_after)
                )
            }
            Code::ProcessingError => write!(f, "The service could not process this.{words}"),
            _ => {
                write!(f, "The service failed with status {}.{}{words}", self.status, after(self.retry_after))
            }
        }
    }
}

/// Whatever the place that keeps tokens says: a keyring's or a file's own error.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct TokenStoreError(pub Box<dyn StdError + Send + Sync>);

impl TokenStoreError {
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

fn said(first_line: Option<&str>) -> String {
    match first_line {
        None => String::new(),
        Some("") => " and nothing else".to_owned(),
        Some(line) => format!(" and “{line}”"),
    }
}

/// When to try again, as a sentence with a blank before it.
fn after(wait: Option<Duration>) -> String {
    match wait.map(|w| w.as_secs().max(1)) {
        None => " Try again later.".to_owned(),
        Some(1) => " Try again in a second.".to_owned(),
        Some(s) if s < 120 => format!(" Try again in {s} seconds."),
        Some(s) if s < 7200 => format!(" Try again in {} minutes.", s.div_ceil(60)),
        Some(s) => format!(" Try again in {} hours.", s.div_ceil(3600)),
    }
}
