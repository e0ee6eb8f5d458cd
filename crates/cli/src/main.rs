//! `melody`: Melody Studio in the terminal.

mod args;
mod completions;
mod exit;
mod parse;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match parse::command_line() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let (json, verbose) = (cli.global.json, cli.global.verbose);
    let result = match cli.command {
        args::Command::Completions { shell } => completions::completions(shell),
        args::Command::Man { dir } => completions::man(dir.as_deref()),
        _ => Err(exit::Halt::usage("This command is not there yet.")),
    };
    exit::finish(result, json, verbose)
}
