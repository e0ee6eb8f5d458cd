//! How the day of the switch is measured: `melody rehearse` with fifty clients, in real time.

use std::process::Command;

use serde_json::Value;

use super::{Figure, Row};
use crate::{command::built, failure::Failure};

pub const ALL: &[Figure] =
    &[Figure { what: "The day of the switch with fifty clients", measure: fifty_clients }];

/// Seconds that the listeners live on after each step.
const PAUSE: &str = "5";

fn fifty_clients() -> Result<Vec<Row>, Failure> {
    let report = report(&["--clients", "50", "--for", PAUSE])?;
    let lacks =
        |what: &str| Failure::Answer { command: "melody rehearse".into(), detail: format!("no {what}") };
    let count = |field: &str| report["summary"][field].as_f64().ok_or_else(|| lacks(field));
    let steps = report["steps"].as_array().ok_or_else(|| lacks("steps"))?;
    let settled =
        steps.iter().filter(|step| step["step"] == "settle").filter_map(|step| step["seconds"].as_f64());
    Ok(vec![
        Row {
            what: "the drill with 50 clients: changes lost, doubled or not settled".into(),
            measured: count("lost")? + count("doubled")? + count("unsettled")?,
            bound: 0.0,
            unit: "changes",
            how: format!(
                "`melody rehearse`: to green, back to blue and over again, {PAUSE} s after each step; {} changes had to \
                 wait, {} were told again, {} sign-ins",
                count("queued")?,
                count("replayed")?,
                count("sign_ins")?
            ),
        },
        Row {
            what: "silence of what is on the disk meanwhile, all clients together".into(),
            measured: count("silent_s")?,
            bound: 0.0,
            unit: "s",
            how: "the same run".into(),
        },
        Row {
            what: "until all 50 agree with the service after a switch".into(),
            measured: settled.fold(f64::NAN, f64::max),
            bound: f64::INFINITY,
            unit: "s",
            how: "the slowest of the three; all processes on this machine".into(),
        },
    ])
}

/// The report of a rehearsal, whatever its exit says of it.
fn report(words: &[&str]) -> Result<Value, Failure> {
    let melody = built("release", "melody");
    let ended = Command::new(&melody).args(["--json", "rehearse"]).args(words).output();
    let ended = ended.map_err(|source| Failure::Start { command: melody.display().to_string(), source })?;
    serde_json::from_slice(&ended.stdout).map_err(|_| Failure::Command {
        command: "melody rehearse".into(),
        status: format!("{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr).trim()),
    })
}
