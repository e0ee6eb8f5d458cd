//! `doctor`: what was looked at, and what was found.

use melody_core::{Check, Core, CoreOptions};
use serde::Serialize;

use crate::exit::{Halt, NEGATIVE};
use crate::render::colour::Tone;
use crate::render::output::{self, Output, Reader, cell};
use crate::render::text;

#[derive(Serialize)]
struct Findings {
    checks: Vec<Check>,
}

pub async fn doctor(options: CoreOptions, out: &Output) -> Result<(), Halt> {
    // What cannot even be opened is the first thing to tell, and a finding like any other.
    let checks = match Core::open(options).await {
        Ok(core) => core.doctor().await,
        Err(error) => {
            let report = error.report();
            if melody_host::exit_code(&report) == 2 {
                return Err(Halt::Failed(report));
            }
            vec![Check { name: "profile", ok: false, message: report.message.clone(), error: Some(report) }]
        }
    };
    let well = checks.iter().all(|check| check.ok);
    let findings = Findings { checks };
    if out.is_json() {
        output::document(&findings)?;
    } else {
        print(out, &findings.checks)?;
    }
    if well { Ok(()) } else { Err(Halt::Told(NEGATIVE)) }
}

fn print(out: &Output, checks: &[Check]) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return checks.iter().try_for_each(|check| {
            let word = if check.ok { "ok" } else { "found" };
            output::line(&format!("{}\t{word}\t{}", check.name, cell(&check.message)))
        });
    }
    let wide = checks.iter().map(|check| text::width(check.name)).max().unwrap_or(0);
    for check in checks {
        let sign = if check.ok {
            out.theme.paint(Tone::Accent, "✓")
        } else {
            out.theme.paint(Tone::Danger, "✗")
        };
        let name = out.theme.paint(Tone::Strong, &text::column(check.name, wide, false));
        output::line(&format!("{sign} {name}  {}", cell(&check.message)))?;
    }
    let found = checks.iter().filter(|check| !check.ok).count();
    out.note(&match found {
        0 => "Everything is well.".to_owned(),
        1 => "One thing needs you.".to_owned(),
        found => format!("{found} things need you."),
    });
    Ok(())
}
