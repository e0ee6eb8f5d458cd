//! The reference backend: the Melody Studio API in both dialects over one set of data, for the demo
//! and for every test. It shares no type with the client.

mod admin;
mod app;
mod auth;
pub mod catalogue;
mod clock;
mod conn;
mod db;
mod errors;
mod faults;
mod front;
mod input;
mod library;
mod limits;
mod media;
mod music;
mod options;
mod range;
mod scratch;
mod server;
mod songs;
mod text;
mod users;
mod wire;

pub use errors::Error;
pub use faults::{Fault, FaultKind, parse_faults};
pub use library::SavedSong;
pub use options::{AudioSource, CatalogueChoice, Dialect, ExtraAudio, ExtraSong, Options};
pub use server::{LoggedRequest, SentOtp, Server, start};
