//! The reference backend: the Melody Studio API in both dialects over one set of data, for the demo
//! and for every test. It shares no type with the client.

mod admin;
mod app;
mod auth;
pub mod catalogue;
mod clock;
mod conn;
mod conversions;
mod converter;
mod db;
mod deviations;
mod errors;
mod faults;
mod front;
mod input;
mod library;
mod limits;
mod media;
mod migration;
mod music;
mod notifications;
mod options;
mod proxy;
mod range;
mod realtime;
mod scratch;
mod server;
mod songs;
mod spoil;
mod text;
mod users;
mod wire;

pub use deviations::{Deviation, DeviationKind, parse_deviations};
pub use errors::Error;
pub use faults::{Fault, FaultKind, parse_faults};
pub use library::SavedSong;
pub use migration::{Ending, Migrated, Migration, held, migrate};
pub use options::{AudioSource, CatalogueChoice, Dialect, ExtraAudio, ExtraSong, Options};
pub use proxy::{Proxy, Traffic};
pub use server::{LoggedRequest, SentOtp, Server, start};
