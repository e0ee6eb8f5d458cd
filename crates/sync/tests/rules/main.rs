//! The engine's rules, one at a time: for each there is a change of the code that a test here catches.
//! docs/mutations.md tells which were tried.

#![allow(clippy::unwrap_used, clippy::panic)] // All of it is test.

mod absence;
mod backends;
mod bench;
mod pace;
mod passes;
mod plays;
mod removals;
mod sending;
