//! The server from outside: real sockets, both dialects.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers fail as the tests do")]

mod as_planned;
mod auth;
mod conversions;
mod deviations;
mod faults;
mod harness;
mod library;
mod media;
mod migration;
mod music;
mod profile;
mod proxy;
mod service;
