//! `melody`: Melody Studio in the terminal.

mod account;
mod args;
mod comparisons;
mod completions;
mod convert;
mod doctor;
mod download;
mod exit;
mod hush;
mod keys;
mod login;
mod logout;
mod parity;
mod parse;
mod play;
mod playlist;
mod rehearse;
mod render;
mod run;
mod serve;
mod signals;
mod tour;
mod values;
mod web;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use melody_core::Code;

use crate::exit::Halt;

fn main() -> ExitCode {
    melody_core::log_panics();
    match parse::command_line() {
        Ok(cli) => {
            let (json, verbose) = (cli.global.json, cli.global.verbose);
            let done = catch_unwind(AssertUnwindSafe(|| run::run(cli)));
            exit::finish(done.unwrap_or_else(|_| Err(broken())), json, verbose)
        }
        Err(code) => code,
    }
}

/// What a panic of our own leaves to say: the log has its place.
fn broken() -> Halt {
    Halt::local(
        Code::ProcessingError,
        "Something went wrong inside. The log in the profile's folder says more.",
    )
}
