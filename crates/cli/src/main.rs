//! `melody`: Melody Studio in the terminal.

mod args;
mod completions;
mod doctor;
mod exit;
mod keys;
mod login;
mod parse;
mod play;
mod render;
mod run;
mod serve;
mod signals;
mod tour;
mod values;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    match parse::command_line() {
        Ok(cli) => {
            let (json, verbose) = (cli.global.json, cli.global.verbose);
            exit::finish(run::run(cli), json, verbose)
        }
        Err(code) => code,
    }
}
