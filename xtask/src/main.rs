//! The project's own chores: `cargo xtask <chore>`.

mod bench;
mod bundle;
mod chores;
mod command;
mod failure;
mod steps;
mod system;
mod ui;
mod window;

use std::{env, process::ExitCode};

const HELP: &str = "\
The project's chores. Each says what it does and why, and ends with a summary.

  cargo xtask run          build Melody Studio and open it; without a display, see what it does: sign in, search, save, play
  cargo xtask test         prove it: every test, with the real service, keyring and sound server
  cargo xtask lint         format, clippy, and that nothing below needs a sound device
  cargo xtask bench        measure an optimised build, some twenty minutes, and write the figures to docs/benchmarks.md
  cargo xtask soak         tell the sync engine 100,000 stories of faults and crashes, deviate from a backend 1,000 times, some hours
  cargo xtask bundle       make the packages that others install: .deb and .rpm here, .msi, .exe or .dmg elsewhere
  cargo xtask screenshots  remake the pictures of the window, and the README's from them
  cargo xtask ui           only build the screen, which the window and `melody web` carry in them
  cargo xtask types        write the screen's TypeScript types from those of the core
  cargo xtask setup        only install what the others need from the system and from npm

On Debian and Ubuntu, missing system packages are installed; elsewhere they are named.
";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run"] => chores::run(),
        ["test"] => chores::test(),
        ["lint"] => chores::lint(),
        ["bench"] => chores::bench(),
        ["soak"] => chores::soak(),
        ["bundle"] => chores::bundle(),
        ["screenshots"] => chores::screenshots(),
        ["ui"] => chores::screen(),
        ["types"] => chores::types(),
        ["setup"] => chores::setup(),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        [] => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
        other => {
            eprint!("There is no chore “{}”.\n\n{HELP}", other.join(" "));
            ExitCode::from(2)
        }
    }
}
