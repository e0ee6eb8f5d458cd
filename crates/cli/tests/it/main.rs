//! The real program against the real reference service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may end.

mod bench;
mod conversions;
mod downloads;
mod history;
#[cfg(target_os = "linux")]
mod hush;
mod journey;
mod people;
mod playlist;
mod refusals;
mod secrecy;
mod services;
mod sound;
mod switch;
#[cfg(target_os = "linux")] // Elsewhere `script` takes other arguments.
mod terminal;
mod tls;
