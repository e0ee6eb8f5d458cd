//! JUnit's XML: one test for each case with a finding, one for all the others.

use std::{collections::BTreeMap, fmt::Write};

use super::{Finding, Report};

pub(super) fn junit(report: &Report) -> String {
    let mut cases: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        cases.entry(&finding.case).or_default().push(finding);
    }
    let passed = report.summary.cases.saturating_sub(cases.len());
    let tests = cases.len() + report.skipped.len() + usize::from(passed > 0);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuite name=\"melody parity\" tests=\"{tests}\" failures=\"{}\" skipped=\"{}\" time=\"{}\">",
        cases.len(),
        report.skipped.len(),
        report.backends.seconds
    );
    if passed > 0 {
        let _ = writeln!(out, "  <testcase classname=\"parity\" name=\"{passed} cases without a finding\"/>");
    }
    for (case, findings) in cases {
        let worst =
            findings.iter().map(|finding| finding.severity).max().map_or("", |severity| severity.as_str());
        let _ = writeln!(out, "  <testcase classname=\"parity\" name=\"{}\">", escaped(case));
        let lines: Vec<String> = findings
            .iter()
            .map(|f| {
                format!(
                    "{} {} at {}: blue {}, green {}. {}",
                    f.severity.as_str(),
                    f.kind.as_str(),
                    f.path,
                    f.blue,
                    f.green,
                    f.why
                )
            })
            .collect();
        let _ = writeln!(
            out,
            "    <failure type=\"{worst}\" message=\"{} of {}\">{}</failure>",
            findings.len(),
            escaped(&findings[0].call),
            escaped(&lines.join("\n"))
        );
        out.push_str("  </testcase>\n");
    }
    for skipped in &report.skipped {
        let _ = writeln!(
            out,
            "  <testcase classname=\"parity\" name=\"{}\"><skipped message=\"{}\"/></testcase>",
            escaped(&skipped.case),
            escaped(&skipped.why)
        );
    }
    out.push_str("</testsuite>\n");
    out
}

/// A text inside XML or HTML; what neither may hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
