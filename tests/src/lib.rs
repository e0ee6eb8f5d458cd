//! Benches of the end-to-end tests: the real `melody` on real parts, seen only from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code; what a bench cannot set up must end the test"
)]

pub mod confine;
pub mod fake;
pub mod hearing;
pub mod keyring;
pub mod media;
pub mod melody;
pub mod process;
pub mod pulse;
pub mod service;
pub mod settled;
pub mod signal;
