//! The server from outside: real sockets, both dialects.

mod as_planned;
mod auth;
mod faults;
mod harness;
mod library;
mod media;
mod music;
mod profile;
mod service;
