//! `rehearse`: the day of the switch with real processes, told to people, to programs and to files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use melody_core::{Code, ErrorReport};
use melody_rehearsal::{Error, Fault, Options, Report, Step, parse_faults};

use crate::exit::{self, Halt, NEGATIVE};
use crate::render::output::{self, Output};
use crate::render::rehearsal as render;
use crate::serve;
use crate::values;

/// What `rehearse --help` says of the file.
const FAULTS: &str = "A TOML file of what goes wrong, and at which step:

  [[fault]]
  step = \"migrate\"        start, final_sync, maintenance_on, stop, migrate, validate,
                          switch, health, maintenance_off or settle
  kind = \"half_way\"       skipped          all but start, switch, settle
                          half_way         final_sync, migrate: breaks off, is done again
                          rolled_back      final_sync, migrate: says it is done, and is not
                          wrong_side       maintenance_on, maintenance_off
                          never_well       health
                          in_turn          switch: both answer for a while
                          void_tokens      switch: everybody's, once more
                          loses_writes     settle: the last backend forgets saved songs
  leg = \"to_green\"        to_green, back_to_blue or to_green_again; without it, each
  songs = 1               loses_writes: how many";

/// The most listeners that one machine has room for.
const MOST_CLIENTS: u32 = 200;

#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// How many clients take part, 1 to 200; every fourth is a second device of the one before
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = values::limit::<MOST_CLIENTS>, allow_negative_numbers = true)]
    clients: u32,
    /// How many songs each has saved when the day begins, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<{ Options::MOST_SONGS }>, allow_negative_numbers = true)]
    songs: u32,
    /// What the listeners do: the same number, the same things in the same order
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How long they live on after each step, in seconds
    #[arg(long = "for", value_name = "S", default_value_t = 2.0, value_parser = values::seconds_for, allow_negative_numbers = true)]
    pause: f64,
    /// Migrate as the plan's script does: users and songs, and no library
    #[arg(long)]
    forgetful: bool,
    /// A TOML file of what goes wrong, and at which step
    #[arg(long, value_name = "FILE", long_help = FAULTS)]
    faults: Option<PathBuf>,
    /// Write report.json and report.md to this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

pub async fn rehearse(args: RehearseArgs, out: &Output) -> Result<(), Halt> {
    let faults = args.faults.as_deref().map(read).transpose()?.unwrap_or_default();
    if let Some(folder) = &args.report {
        // Before the minutes of a day, not after.
        fs::create_dir_all(folder).map_err(|error| exit::unwritable(folder, &error))?;
    }
    let options = Options {
        program: std::env::current_exe()?,
        clients: args.clients,
        songs: args.songs,
        seed: args.seed,
        pause: Duration::from_secs_f64(args.pause),
        forgetful: args.forgetful,
        faults,
    };
    let progress = |step: &Step| out.note(&render::step(step));
    let report = melody_rehearsal::rehearse(options, &progress).await.map_err(halt)?;
    if let Some(folder) = &args.report {
        write(&report, folder)?;
    }
    if out.is_json() {
        output::document(&report)?;
    } else {
        render::report(out, &report)?;
        if let Some(folder) = &args.report {
            out.note(&format!("The report is in {}.", folder.display()));
        }
    }
    if report.is_clean() { Ok(()) } else { Err(Halt::Told(NEGATIVE)) }
}

fn read(path: &Path) -> Result<Vec<Fault>, Halt> {
    let toml = fs::read_to_string(path).map_err(|error| {
        Halt::usage(format!("The faults cannot be read from {}: {error}.", path.display()))
    })?;
    parse_faults(&toml).map_err(halt)
}

fn write(report: &Report, folder: &Path) -> Result<(), Halt> {
    let json = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
    for (name, text) in [("report.json", json), ("report.md", report.markdown())] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| exit::unwritable(&path, &error))?;
    }
    Ok(())
}

fn halt(error: Error) -> Halt {
    match error {
        Error::Client { client, source } => {
            let report = source.report();
            Halt::Failed(ErrorReport { message: format!("Client {client}: {}", report.message), ..report })
        }
        // The port is one that was free.
        Error::Server(error) => serve::refused(&error, 0),
        Error::Faults(told) => Halt::usage(told),
        Error::Folder(error) => exit::unwritable(&std::env::temp_dir(), &error),
        error @ (Error::Backend { .. } | Error::Answer { .. }) => {
            Halt::local(Code::ProcessingError, error.to_string())
        }
    }
}
