//! `parity`: two backends compared, told to people, to programs and to files.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use melody_core::{Code, ErrorReport};
use melody_model::PhoneNumber;
use melody_parity::{
    Account, AskForCode, Budget, Error, Load, Options, OtpSource, Progress, Recorder, Report, Severity, Suite,
};
use serde::Serialize;

use crate::args::{Global, ParityArgs};
use crate::exit::{self, Halt, NEGATIVE};
use crate::render::output::{self, Output};
use crate::render::parity as render;
use crate::signals::Signals;

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
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let show_hidden = args.show_hidden;
    let options = options(args, suite, budgets, global, out)?;
    let bar = bar(out);
    let shown = bar.clone();
    let progress = move |now: Progress| {
        shown.set_length(now.of as u64);
        shown.set_position(now.done as u64);
        shown.set_message(now.now);
    };
    let done = Box::pin(melody_parity::run(options, &progress)).await;
    bar.finish_and_clear();
    let mut report = done.map_err(halt)?;
    if let Some(baseline) = &baseline {
        report = report.since(baseline);
    }
    if let Some(folder) = &folder {
        write(&report, folder)?;
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
    fs::write(file, "").map_err(|error| unwritable(file, &error))?;
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
    fs::write(file, suite.to_toml().map_err(halt)?).map_err(|error| unwritable(file, &error))?;
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
            let phone = PhoneNumber::parse(&args.country, &phone.0)
                .map_err(|error| Halt::from(melody_core::Error::from(error)))?;
            let otp = if otp.0 == "-" {
                OtpSource::Ask(asking(out))
            } else {
                OtpSource::Fixed(melody_core::read_otp(&otp.0.into())?)
            };
            Some(Account { phone, otp })
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

fn write(report: &Report, folder: &Path) -> Result<(), Halt> {
    let json = report.json().map_err(halt)?;
    for (name, text) in [("report.json", json), ("report.html", report.html()), ("junit.xml", report.junit())]
    {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Halt {
    let code = match error.kind() {
        io::ErrorKind::StorageFull => Code::StorageFull,
        io::ErrorKind::ReadOnlyFilesystem => Code::StorageReadOnly,
        _ => Code::Usage,
    };
    Halt::local(code, format!("{} cannot be written: {error}.", path.display()))
}

fn halt(error: Error) -> Halt {
    match error {
        Error::Side { side, error } => {
            let report = melody_core::Error::from(error).report();
            Halt::Failed(ErrorReport { message: format!("The {side} backend: {}", report.message), ..report })
        }
        Error::Address(error) => Halt::from(melody_core::Error::from(error)),
        Error::NoCode => Halt::local(Code::ValidationError, error.to_string()),
        error @ (Error::Guarded { .. } | Error::File(_)) => Halt::usage(error.to_string()),
    }
}
