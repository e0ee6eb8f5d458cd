//! The Melody Studio API over HTTP: both dialects behind one set of types, tolerant and never lossy in what it
//! reads, and careful about where a token goes.

mod address;
mod answer;
mod audio;
mod auth;
mod calls;
mod client;
mod detect;
mod error;
mod follow;
mod http;
mod media;
mod raw;
mod read;
mod reading;
mod refusal;
mod request;
mod retry;
mod scrub;
mod send;
mod socket;
mod tokens;

pub use address::ServiceAddress;
pub use audio::Audio;
pub use calls::{
    AddedEntry, ConversionsRequest, Health, LibraryRequest, NotificationsRequest, OtpTicket, PlayCount,
    ProfileUpdate, Removal, SearchRequest, SearchSlot, SignedIn, Version,
};
pub use client::{Client, ClientOptions, Gate, Timeouts};
pub use detect::{Dialect, Observation};
pub use error::{
    Code, Error, NoSound, NotTheService, Reason, Refusal, Strange, TokenStoreError, Unreachable,
};
pub use follow::Following;
pub use media::Media;
pub use raw::{Place, RawAnswer, RawRequest};
pub use reading::Reading;
pub use refusal::RateLimit;
pub use tokens::{MemoryTokenStore, TokenStore, Tokens};
