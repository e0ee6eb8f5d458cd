//! One page that needs nothing else: by call, worst first, the bodies side by side, how long calls take.

use std::fmt::Write;

use super::{Exchange, Finding, Report, junit::escaped};
use crate::{Severity, latency::Latency};

const STYLE: &str = include_str!("page.css");

pub(super) fn html(report: &Report) -> String {
    let mut out = String::with_capacity(64 * 1024);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Parity of two backends</title><style>{STYLE}</style></head><body><main>"
    );
    head(report, &mut out);
    findings(report, &mut out);
    latency(report, &mut out);
    rest(report, &mut out);
    out.push_str("</main></body></html>\n");
    out
}

fn head(report: &Report, out: &mut String) {
    let (blue, green) = (&report.backends.blue, &report.backends.green);
    let _ = write!(
        out,
        "<h1>Parity of two backends</h1><p class=\"soft\">{} ({}) and {} ({}), {}, {} s</p>",
        escaped(&blue.address),
        blue.dialect,
        escaped(&green.address),
        green.dialect,
        report.backends.began.strftime("%Y-%m-%d %H:%M UTC"),
        report.backends.seconds
    );
    if !report.backends.signed_in {
        out.push_str("<p>Nobody was signed in: only what needs no account was compared.</p>");
    }
    if report.backends.ended_early {
        out.push_str("<p>It was ended before all was compared.</p>");
    }
    let s = &report.summary;
    out.push_str("<ul class=\"figures\">");
    for (number, word) in [
        (s.breaking, "breaking"),
        (s.degrading, "degrading"),
        (s.cosmetic, "cosmetic"),
        (s.cases, "cases"),
        (s.expected, "expected"),
        (s.noise, "noise"),
        (s.hidden, "hidden by rules"),
        (s.skipped, "left out"),
    ] {
        let _ = write!(out, "<li><b>{number}</b>{word}</li>");
    }
    out.push_str("</ul>");
}

fn findings(report: &Report, out: &mut String) {
    out.push_str("<h2>Findings</h2>");
    if report.findings.is_empty() {
        out.push_str("<p class=\"well\">The two do the same.</p>");
        return;
    }
    let mut calls: Vec<(&str, Severity, Vec<&Finding>)> = Vec::new();
    for finding in &report.findings {
        match calls.iter_mut().find(|(call, ..)| *call == finding.call) {
            Some((_, worst, list)) => {
                *worst = finding.severity.max(*worst);
                list.push(finding);
            }
            None => calls.push((&finding.call, finding.severity, vec![finding])),
        }
    }
    calls.sort_by_key(|(_, worst, list)| std::cmp::Reverse((*worst, list.len())));
    for (call, _, list) in calls {
        let _ = write!(
            out,
            "<h3>{}</h3><table><thead><tr><th>How bad</th><th>Kind</th><th>Where</th><th>Blue</th><th>Green</th><th>Why</th><th>Case</th></tr></thead><tbody>",
            escaped(call)
        );
        for finding in &list {
            let severity = finding.severity.as_str();
            let _ = write!(
                out,
                "<tr><td class=\"{severity}\">{severity}</td><td>{}</td><td><code>{}</code></td><td><code>{}</code></td>\
                 <td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                finding.kind.as_str(),
                escaped(&finding.path),
                escaped(&finding.blue.to_string()),
                escaped(&finding.green.to_string()),
                escaped(&finding.why),
                escaped(&finding.case)
            );
        }
        out.push_str("</tbody></table>");
        for exchange in report.exchanges.iter().filter(|exchange| exchange.call == call) {
            sides(exchange, &list, out);
        }
    }
}

fn sides(exchange: &Exchange, findings: &[&Finding], out: &mut String) {
    let names: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.case == exchange.case)
        .filter_map(|finding| finding.path.rsplit('/').find(|part| !part.bytes().all(|b| b.is_ascii_digit())))
        .filter(|name| !name.is_empty())
        .collect();
    let _ = write!(
        out,
        "<details><summary>Both answers: {}</summary><div class=\"sides\">",
        escaped(&exchange.case)
    );
    for (name, side) in [("Blue", &exchange.blue), ("Green", &exchange.green)] {
        let _ = write!(
            out,
            "<div><p><b>{name}</b> {}</p><pre>{}</pre><pre>{}</pre></div>",
            escaped(&side.status),
            escaped(&side.curl),
            marked(&side.body, &names)
        );
    }
    out.push_str("</div></details>");
}

/// A body with the lines of the differing fields marked.
fn marked(body: &str, names: &[&str]) -> String {
    let plain = |text: &str| text.to_lowercase().replace('_', "");
    let wanted: Vec<String> = names.iter().map(|name| format!("\"{}\":", plain(name))).collect();
    let mut out = String::with_capacity(body.len() + 64);
    for line in body.lines() {
        let letters = plain(line);
        if wanted.iter().any(|name| letters.trim_start().starts_with(name.as_str())) {
            let _ = writeln!(out, "<mark>{}</mark>", escaped(line));
        } else {
            out.push_str(&escaped(line));
            out.push('\n');
        }
    }
    out
}

fn latency(report: &Report, out: &mut String) {
    if report.latency.is_empty() {
        return;
    }
    out.push_str("<h2>How long calls take</h2><table><thead><tr><th>Call</th><th></th><th class=\"n\">Blue p50 · p95 · p99</th><th class=\"n\">Green p50 · p95 · p99</th><th class=\"n\">Ratio, 95 of 100 in</th></tr></thead><tbody>");
    let longest = report.latency.iter().map(|line| line.blue.p99.max(line.green.p99)).fold(1.0, f64::max);
    for line in &report.latency {
        let three = |p: &crate::Percentiles| format!("{} · {} · {}", p.p50, p.p95, p.p99);
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{} ({}–{})</td></tr>",
            escaped(&line.call),
            bars(line, longest),
            three(&line.blue),
            three(&line.green),
            line.ratio,
            line.interval[0],
            line.interval[1]
        );
    }
    out.push_str("</tbody></table><p class=\"soft\">Milliseconds. The upper bar is blue, the lower green: the median, and a line to p99.</p>");
}

fn bars(line: &Latency, longest: f64) -> String {
    const WIDE: f64 = 220.0;
    let at = |ms: f64| (ms / longest * WIDE).max(1.0);
    let bar = |class: &str, y: u32, p: &crate::Percentiles| {
        format!(
            "<rect class=\"{class}\" x=\"0\" y=\"{y}\" width=\"{:.1}\" height=\"8\"/><rect class=\"{class}\" x=\"0\" y=\"{}\" width=\"{:.1}\" height=\"2\"/>",
            at(p.p50),
            y + 3,
            at(p.p99)
        )
    };
    format!(
        "<svg width=\"{WIDE}\" height=\"22\" role=\"img\" aria-label=\"blue {} ms, green {} ms\">{}{}</svg>",
        line.blue.p50,
        line.green.p50,
        bar("blue", 0, &line.blue),
        bar("green", 12, &line.green)
    )
}

fn rest(report: &Report, out: &mut String) {
    let mut table = |title: &str, heads: [&str; 3], rows: Vec<[String; 3]>| {
        if rows.is_empty() {
            return;
        }
        let _ = write!(out, "<details><summary>{title} ({})</summary><table><thead><tr>", rows.len());
        for head in heads {
            let _ = write!(out, "<th>{head}</th>");
        }
        out.push_str("</tr></thead><tbody>");
        for row in rows {
            out.push_str("<tr>");
            for cell in row {
                let _ = write!(out, "<td>{}</td>", escaped(&cell));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></details>");
    };
    let expected = report.expected.iter().map(|one| {
        [
            one.row.clone(),
            format!("{} {}", one.call, one.path),
            format!("{} → {} ({})", one.blue, one.green, one.count),
        ]
    });
    table("Expected by the table of shapes", ["Row", "Where", "What"], expected.collect());
    let hidden = report
        .hidden
        .iter()
        .map(|one| [one.rule.clone(), one.count.to_string(), one.paths.join(", ")])
        .collect();
    table("Hidden by rules", ["Rule", "Places", "Among them"], hidden);
    let noise = report.noise.iter().map(|one| [one.case.clone(), one.path.clone(), String::new()]).collect();
    table("Noise: blue differs from itself", ["Case", "Where", ""], noise);
    let skipped =
        report.skipped.iter().map(|one| [one.case.clone(), one.why.clone(), String::new()]).collect();
    table("Left out", ["Case", "Why", ""], skipped);
}
