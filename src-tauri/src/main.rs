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

fn main() -> ExitCode {
    melody_core::log_panics();
    match options::of_command_line() {
        Ok(options) => app::run(options),
        Err(code) => code,
    }
}
