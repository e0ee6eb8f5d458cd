//! What a comparison found, for people: the worst first, each call once, no more than fits the eye.

use melody_parity::{Finding, Report, Severity};

use super::{
    colour::Tone,
    output::{self, Output, Reader, cell},
    table::{self, Column},
};
use crate::exit::Halt;

pub const CASES: &[Column] = &[
    Column::new("Tags").tone(Tone::Faint),
    Column::new("Calls").shrinks_to(20),
    Column::new("Case").tone(Tone::Strong),
];

const FINDINGS: &[Column] = &[
    Column::new("Kind"),
    Column::new("Where").tone(Tone::Strong).shrinks_to(18),
    Column::new("Blue").shrinks_to(10),
    Column::new("Green").shrinks_to(10),
    Column::new("Why").tone(Tone::Faint).shrinks_to(16).shown_from(100),
    Column::new("Case").tone(Tone::Faint).shrinks_to(14),
];

const LATENCY: &[Column] = &[
    Column::new("Call").shrinks_to(20),
    Column::new("Blue p50").right(),
    Column::new("p95").right(),
    Column::new("Green p50").right(),
    Column::new("p95").right(),
    Column::new("Ratio").right().tone(Tone::Strong),
    Column::new("95 of 100 in").right().tone(Tone::Faint),
];

/// Findings of one severity that are shown before the rest is only counted.
const SHOWN: usize = 25;

/// The findings, by severity.
pub fn findings(out: &Output, findings: &[Finding]) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return findings.iter().try_for_each(|f| {
            output::line(
                &[f.severity.as_str(), f.kind.as_str(), &f.call, &f.path, &f.case, &cell(&f.why)].join("\t"),
            )
        });
    }
    for severity in [Severity::Breaking, Severity::Degrading, Severity::Cosmetic] {
        let found: Vec<&Finding> = findings.iter().filter(|f| f.severity == severity).collect();
        if found.is_empty() {
            continue;
        }
        let tone = match severity {
            Severity::Breaking => Tone::Danger,
            Severity::Degrading => Tone::Accent,
            Severity::Cosmetic => Tone::Strong,
        };
        output::line(&out.theme.paint(tone, &format!("{} {}", found.len(), severity.as_str())))?;
        print(out, FINDINGS, &found.iter().take(SHOWN).map(|f| row(f)).collect::<Vec<_>>())?;
        if found.len() > SHOWN {
            output::line(&format!("… and {} more: --report DIR writes all of them.", found.len() - SHOWN))?;
        }
        output::line("")?;
    }
    Ok(())
}

fn print(out: &Output, columns: &[Column], rows: &[Vec<String>]) -> Result<(), Halt> {
    let width = match out.reader {
        Reader::Person(width) => width,
        _ => 80,
    };
    table::lines(columns, rows, out.theme, width).iter().try_for_each(|line| output::line(line))
}

pub fn report(out: &Output, report: &Report, show_hidden: bool) -> Result<(), Halt> {
    findings(out, &report.findings)?;
    if out.reader == Reader::Pipe {
        return Ok(());
    }
    if !report.latency.is_empty() {
        print(out, LATENCY, &report.latency.iter().map(latency).collect::<Vec<_>>())?;
        output::line("")?;
    }
    if show_hidden {
        for hidden in &report.hidden {
            output::line(&format!(
                "{} hidden by “{}”: {}",
                hidden.count,
                hidden.rule,
                hidden.paths.join(", ")
            ))?;
        }
    }
    summary(out, report)
}

fn row(finding: &Finding) -> Vec<String> {
    let place = if finding.path.is_empty() { "the body" } else { &finding.path };
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => cell(text),
        serde_json::Value::Null => "–".to_owned(),
        other => cell(&other.to_string()),
    };
    vec![
        finding.kind.as_str().to_owned(),
        cell(&format!("{} {place}", finding.call)),
        value(&finding.blue),
        value(&finding.green),
        cell(&finding.why),
        cell(&finding.case),
    ]
}

fn latency(line: &melody_parity::Latency) -> Vec<String> {
    let ms = |ms: f64| format!("{ms} ms");
    vec![
        cell(&line.call),
        ms(line.blue.p50),
        ms(line.blue.p95),
        ms(line.green.p50),
        ms(line.green.p95),
        format!("×{}", line.ratio),
        format!("{}–{}", line.interval[0], line.interval[1]),
    ]
}

fn summary(out: &Output, report: &Report) -> Result<(), Halt> {
    let s = &report.summary;
    let verdict = if s.findings == 0 {
        out.theme.paint(Tone::Accent, "The two do the same.")
    } else {
        out.theme.paint(
            Tone::Strong,
            &format!("{} breaking, {} degrading, {} cosmetic.", s.breaking, s.degrading, s.cosmetic),
        )
    };
    output::line(&verdict)?;
    let mut parts = vec![
        format!("{} cases, {} calls in {} s", s.cases, s.calls, report.backends.seconds),
        format!("{} expected by the table of shapes", s.expected),
        format!("{} hidden by rules", s.hidden),
    ];
    for (count, what) in [(s.noise, "noise"), (s.known, "known from the baseline"), (s.skipped, "left out")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    output::line(&out.theme.paint(Tone::Faint, &format!("{}.", parts.join(", "))))?;
    if !report.backends.signed_in {
        out.note("Nobody was signed in: only what needs no account was compared. Give --phone and --otp for the rest.");
    }
    Ok(())
}
