//! `parity`: two backends compared, told to people, to programs and to files.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use melody_parity::{
    AskForCode, Budget, Error, Load, Options, OtpSource, Progress, Recorder, Report, Severity, Suite,
};
use serde::Serialize;

use crate::args::Global;
use crate::exit::{self, Halt, NEGATIVE};
use crate::render::output::{self, Output};
use crate::render::parity as render;
use crate::signals::Signals;
use crate::values::Secret;

#[derive(Debug, Args)]
pub struct ParityArgs {
    /// The old backend's address
    #[arg(long, value_name = "URL", required_unless_present = "list")]
    pub blue: Option<String>,
    /// The new backend's address
    #[arg(long, value_name = "URL", required_unless_present_any = ["list", "record"])]
    pub green: Option<String>,
    /// A disposable account's number, used on both; without one only what needs no sign-in is compared
    #[arg(long, value_name = "N", allow_hyphen_values = true, requires = "otp")]
    pub phone: Option<Secret>,
    /// The country's code
    #[arg(long, value_name = "CODE", default_value = "+91", allow_hyphen_values = true)]
    pub country: String,
    /// The code that test backends send; - asks for each backend's
    #[arg(long, value_name = "CODE", allow_hyphen_values = true, requires = "phone")]
    pub otp: Option<Secret>,
    /// A host that may be compared besides this machine (may be repeated)
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// A suite of your own, besides the built-in one (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub suite: Vec<PathBuf>,
    /// Only cases with this tag, or whose name begins so (may be repeated); slow and limit are run only when asked for
    #[arg(long, value_name = "TAG")]
    pub only: Vec<String>,
    /// List the cases and run none
    #[arg(long)]
    pub list: bool,
    /// Compare nothing: write a suite of what an app asks of --blue, until Ctrl+C
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "green"])]
    pub record: Option<PathBuf>,
    /// Write report.json, report.html and junit.xml to this folder
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Leave out what this earlier report.json has
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// End with 1 from this on
    #[arg(long, value_name = "SEVERITY", default_value = "cosmetic", value_parser = ["cosmetic", "degrading", "breaking"])]
    pub fail_on: String,
    /// Show what rules hid, too
    #[arg(long)]
    pub show_hidden: bool,
    /// How often each call is timed, on each side
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub rounds: Option<u16>,
    /// A TOML file of what calls may take
    #[arg(long, value_name = "FILE")]
    pub budget: Option<PathBuf>,
    /// Also send so many searches a second to both, at most 200
    #[arg(long, value_name = "RPS", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub load: Option<u32>,
    /// How long that lasts, in seconds, at most 600
    #[arg(long = "for", value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub load_for: u32,
}

/// One line of the list of cases.
#[derive(Serialize)]
struct Listed {
    id: String,
    tags: Vec<String>,
    needs_account: bool,
    calls: Vec<String>,
}

/// All of them.
#[derive(Serialize)]
struct List {
    cases: Vec<Listed>,
}

pub async fn parity(args: ParityArgs, global: &Global, out: &Output) -> Result<(), Halt> {
    let mut suite = Suite::built_in().map_err(halt)?;
    for path in &args.suite {
        suite.add(Suite::read(path).map_err(halt)?);
    }
    if args.list {
        return list(suite, &args.only, out);
    }
    let fail_on = match args.fail_on.as_str() {
        "breaking" => Severity::Breaking,
        "degrading" => Severity::Degrading,
        _ => Severity::Cosmetic,
    };
    let baseline = args.baseline.as_deref().map(Report::read).transpose().map_err(halt)?;
    let budgets = args.budget.as_deref().map(Budget::read).transpose().map_err(halt)?.unwrap_or_default();
    let folder = args.report.clone();
    if let Some(folder) = &folder {
        // Before the minutes of a run, not after.
        fs::create_dir_all(folder).map_err(|error| exit::unwritable(folder, &error))?;
    }
    let show_hidden = args.show_hidden;
    let options = options(args, suite, budgets, global, out)?;
    let bar = bar(out);
    let shown = bar.clone();
    let progress = move |now: Progress| {
        shown.set_length(now.of as u64);
        shown.set_position(now.done as u64);
        shown.set_message(now.now);
        ControlFlow::Continue(())
    };
    let done = Box::pin(melody_parity::run(options, &progress)).await;
    bar.finish_and_clear();
    let mut report = done.map_err(halt)?;
    if let Some(baseline) = &baseline {
        report = report.since(baseline);
    }
    if let Some(folder) = &folder {
        report.write(folder).map_err(halt)?;
    }
    if out.is_json() {
        output::document(&report)?;
    } else {
        render::report(out, &report, show_hidden)?;
        if let Some(folder) = &folder {
            out.note(&format!("The report is in {}.", folder.display()));
        }
    }
    match report.worst() {
        Some(worst) if worst >= fail_on => Err(Halt::Told(NEGATIVE)),
        _ => Ok(()),
    }
}

/// Where the app is to look, in a recording's first line.
#[derive(Serialize)]
struct Recording {
    listening: String,
}

/// Records until it is told to stop, and writes the suite.
pub async fn record(
    file: &Path,
    args: &ParityArgs,
    global: &Global,
    out: &Output,
    signals: &mut Signals,
) -> Result<(), Halt> {
    let service = args.blue.as_deref().unwrap_or_default();
    let allowed: Vec<String> = args.allow_host.iter().chain(&global.allow_http).cloned().collect();
    // What cannot be written is told before the session, not after.
    fs::write(file, "").map_err(|error| exit::unwritable(file, &error))?;
    let recorder = Recorder::start(service, &allowed).await.map_err(halt)?;
    if out.is_json() {
        output::document(&Recording { listening: recorder.address() })?;
    } else {
        output::line(&format!(
            "Use the app with --server {}. Ctrl+C ends the recording.",
            recorder.address()
        ))?;
    }
    signals.next().await;
    let suite = recorder.stop();
    let calls: usize = suite.cases.iter().map(|case| case.steps.len()).sum();
    fs::write(file, suite.to_toml().map_err(halt)?).map_err(|error| exit::unwritable(file, &error))?;
    out.note(&format!("{calls} calls are in {}.", file.display()));
    Ok(())
}

fn options(
    args: ParityArgs,
    suite: Suite,
    budgets: Vec<Budget>,
    global: &Global,
    out: &Output,
) -> Result<Options, Halt> {
    let account = match (args.phone, args.otp) {
        (Some(phone), Some(otp)) => {
            let otp = if otp.0 == "-" {
                OtpSource::Ask(asking(out))
            } else {
                OtpSource::Fixed(melody_core::read_otp(&otp.0.into())?)
            };
            Some(melody_core::account_for_both(&args.country, &phone.0.into(), otp)?)
        }
        _ => None,
    };
    Ok(Options {
        blue: args.blue.unwrap_or_default(),
        green: args.green.unwrap_or_default(),
        allow_hosts: args.allow_host.into_iter().chain(global.allow_http.iter().cloned()).collect(),
        account,
        suite,
        data: args.only.is_empty() || args.only.iter().any(|tag| tag == "data"),
        only: args.only,
        rounds: args.rounds.map(usize::from),
        budgets,
        load: args.load.map(|a_second| Load { a_second, seconds: args.load_for }),
        today: jiff::Zoned::now().date(),
        gate: Arc::new(|| true),
    })
}

/// Asks on the terminal, or reads the next line of a pipe: one for each backend.
fn asking(out: &Output) -> AskForCode {
    let ask = !out.is_json() && io::stdin().is_terminal();
    Box::new(move |side| {
        if ask {
            exit::eprint_quietly(&format!("Code from the {side} backend:"));
        }
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).ok()?;
        melody_core::read_otp(&line.trim().to_owned().into()).ok()
    })
}

fn list(suite: Suite, only: &[String], out: &Output) -> Result<(), Halt> {
    let cases: Vec<Listed> = suite
        .expanded()
        .cases
        .into_iter()
        .filter(|case| {
            only.is_empty() || only.iter().any(|tag| case.has_tag(tag) || case.id.starts_with(tag))
        })
        .map(|case| {
            let mut calls: Vec<String> = case.steps.iter().map(|step| step.call.clone()).collect();
            calls.dedup();
            Listed { needs_account: case.needs_account(), id: case.id, tags: case.tags, calls }
        })
        .collect();
    if out.is_json() {
        return output::document(&List { cases });
    }
    let rows: Vec<Vec<String>> =
        cases.iter().map(|case| vec![case.tags.join(" "), case.calls.join(", "), case.id.clone()]).collect();
    out.rows(render::CASES, &rows)?;
    out.note(&format!("{} cases.", rows.len()));
    Ok(())
}

fn bar(out: &Output) -> ProgressBar {
    let quiet = out.is_json() || !io::stderr().is_terminal();
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} of {len}  {msg}") {
        bar.set_style(style);
    }
    if !quiet {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}

fn halt(error: Error) -> Halt {
    match error {
        Error::Unwritable { path, source } => exit::unwritable(&path, &source),
        error => Halt::from(melody_core::Error::from(error)),
    }
}
