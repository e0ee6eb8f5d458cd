//! `melody-studio`: Melody Studio in a window. It carries the screen's requests to the host and the host's events back,
//! and lets the desktop steer what plays; it decides nothing.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod app;
mod art;
mod backend;
mod covers;
mod drawing;
mod failure;
mod media;
mod now;
mod options;
mod quit;
mod single;
mod tray;
mod window;
mod words;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The system's own keeps an arena for each thread and gives little of it back: with each song that was decoded, a
/// window that stays open for days would weigh more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    melody_core::log_panics();
    match options::of_command_line() {
        Ok(options) => app::run(options),
        Err(code) => code,
    }
}
