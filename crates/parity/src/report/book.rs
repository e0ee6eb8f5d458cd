//! What a run writes down as it goes, and how that becomes a report.

use std::{collections::BTreeMap, fmt::Write};

use jiff::{Timestamp, civil::Date};
use melody_api::RawRequest;
use serde_json::Value;

use super::{
    Backend, Backends, Exchange, ExchangeSide, Expected, Finding, Hidden, Noise, Report, Skipped, Summary,
};
use crate::{
    Case, Ignore, Row, Severity, Step,
    judge::{Answered, Found, Judged, pattern},
    latency::{Latency, LoadReport},
    mask::Mask,
    side::Side,
};

/// Places of one rule that are named.
const NAMED: usize = 20;
/// Letters of a body on the page.
const LONGEST_BODY: usize = 6_000;
/// Letters of a value in a finding.
const LONGEST_VALUE: usize = 600;

/// A run's notes.
pub(crate) struct Book {
    rules: Vec<Ignore>,
    today: Date,
    cases: usize,
    calls: usize,
    findings: Vec<Finding>,
    expected: BTreeMap<(String, Row, String), Expected>,
    hidden: BTreeMap<String, (usize, Vec<String>)>,
    noise: Vec<Noise>,
    skipped: Vec<Skipped>,
    latency: Vec<Latency>,
    load: Option<LoadReport>,
    exchanges: Vec<Exchange>,
}

/// How a run came to its end.
pub(crate) struct Ended {
    pub began: Timestamp,
    pub signed_in: bool,
    /// Before all was done.
    pub early: bool,
}

impl Book {
    pub fn new(rules: Vec<Ignore>, today: Date) -> Self {
        Self {
            rules,
            today,
            cases: 0,
            calls: 0,
            findings: Vec::new(),
            expected: BTreeMap::new(),
            hidden: BTreeMap::new(),
            noise: Vec::new(),
            skipped: Vec::new(),
            latency: Vec::new(),
            load: None,
            exchanges: Vec::new(),
        }
    }

    pub fn counted(&mut self) {
        self.cases += 1;
    }

    pub fn skip(&mut self, case: &str, why: String) {
        self.skipped.push(Skipped { case: case.to_owned(), why });
    }

    pub fn latency(&mut self, latency: Vec<Latency>) {
        self.latency = latency;
    }

    pub fn load(&mut self, load: LoadReport) {
        self.load = Some(load);
    }

    /// How many there are of each severity, from the mildest.
    pub fn so_far(&self) -> [usize; 3] {
        [Severity::Cosmetic, Severity::Degrading, Severity::Breaking]
            .map(|severity| self.findings.iter().filter(|finding| finding.severity == severity).count())
    }

    /// A finding, unless a rule lets it be; a rule that has run out is told.
    pub fn found(&mut self, case: &str, call: &str, found: Found) {
        let rule = self.rules.iter().find(|rule| rule.is_about(case, &found.path));
        let mut why = found.why;
        if let Some(rule) = rule {
            if self.today <= rule.until {
                let name = format!("let be until {}: {}", rule.until, rule.reason);
                self.hide(name, format!("{case} {}", found.path));
                return;
            }
            why = format!("{why} The rule that let this be ran out on {}: {}", rule.until, rule.reason);
        }
        self.findings.push(Finding {
            case: case.to_owned(),
            call: call.to_owned(),
            path: found.path,
            kind: found.kind,
            severity: found.severity,
            blue: found.blue,
            green: found.green,
            why,
            count: found.count,
            exchange: None,
        });
    }

    fn hide(&mut self, rule: String, place: String) {
        let (count, paths) = self.hidden.entry(rule).or_default();
        *count += 1;
        if paths.len() < NAMED && !paths.contains(&place) {
            paths.push(place);
        }
    }

    /// All that the comparison of one call brought.
    pub fn enter(
        &mut self,
        case: &Case,
        step: &Step,
        judged: Judged,
        sides: [(&Side, &RawRequest, &Answered); 2],
        mask: &Mask,
    ) {
        self.calls += 1;
        let before = self.findings.len();
        for found in judged.found {
            self.found(&case.id, &step.call, found);
        }
        if self.findings.len() > before {
            for finding in &mut self.findings[before..] {
                finding.exchange = Some(self.exchanges.len());
            }
            let [blue, green] = sides.map(|(side, request, answer)| shown(side, request, answer, mask));
            self.exchanges.push(Exchange { case: mask.text(&case.id), call: step.call.clone(), blue, green });
        }
        for (row, path, blue, green) in judged.expected {
            let key = (step.call.clone(), row, pattern(&path));
            let entry = self.expected.entry(key).or_insert_with(|| Expected {
                case: case.id.clone(),
                call: step.call.clone(),
                path,
                row: row.as_str().to_owned(),
                blue,
                green,
                count: 0,
            });
            entry.count += 1;
        }
        for (rule, path) in judged.hidden {
            self.hide(rule.to_owned(), format!("{} {}", step.call, pattern(&path)));
        }
        self.noise.extend(judged.noise.into_iter().map(|path| Noise { case: case.id.clone(), path }));
    }

    /// The report: masked, counted, worst first.
    pub fn close(mut self, mask: &Mask, sides: [&Side; 2], ended: Ended) -> Report {
        let Ended { began, signed_in, early } = ended;
        for finding in &mut self.findings {
            finding.blue = short(mask.value(&finding.blue));
            finding.green = short(mask.value(&finding.green));
            finding.why = mask.text(&finding.why);
            finding.path = mask.text(&finding.path);
            finding.case = mask.text(&finding.case);
            if secret_place(&finding.path) {
                (finding.blue, finding.green) = (dots(&finding.blue), dots(&finding.green));
            }
        }
        self.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.call.cmp(&b.call)));
        let expected: Vec<Expected> = self
            .expected
            .into_values()
            .map(|one| Expected {
                blue: short(mask.value(&one.blue)),
                green: short(mask.value(&one.green)),
                ..one
            })
            .collect();
        let hidden: Vec<Hidden> =
            self.hidden.into_iter().map(|(rule, (count, paths))| Hidden { rule, count, paths }).collect();
        let backend =
            |side: &Side| Backend { address: side.address.to_string(), dialect: side.dialect.to_string() };
        let mut report = Report {
            summary: Summary {
                cases: self.cases,
                calls: self.calls,
                expected: expected.iter().map(|one| one.count).sum(),
                hidden: hidden.iter().map(|one| one.count).sum(),
                noise: self.noise.len(),
                skipped: self.skipped.len(),
                ..Summary::default()
            },
            findings: self.findings,
            expected,
            hidden,
            noise: self.noise,
            skipped: self.skipped,
            latency: self.latency,
            load: self.load,
            backends: Backends {
                blue: backend(sides[0]),
                green: backend(sides[1]),
                began,
                seconds: (Timestamp::now().duration_since(began).as_secs_f64() * 10.0).round() / 10.0,
                signed_in,
                ended_early: early,
            },
            exchanges: self.exchanges,
        };
        report.count();
        report
    }
}

/// A finding about a secret names its place, never its value.
fn secret_place(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, "access_token" | "refresh_token" | "token" | "otp" | "phone_number" | "phone")
}

fn dots(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { "••••••".into() }
}

/// A value that fits a line or two.
fn short(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST_VALUE {
        return value;
    }
    Value::String(format!("{}…", text.chars().take(LONGEST_VALUE).collect::<String>()))
}

fn shown(side: &Side, request: &RawRequest, answer: &Answered, mask: &Mask) -> ExchangeSide {
    let (status, body) = match answer {
        Ok(answer) => {
            let body = match serde_json::from_slice::<Value>(&answer.body) {
                Ok(json) => serde_json::to_string_pretty(&mask.value(&json)).unwrap_or_default(),
                Err(_) => mask.text(&String::from_utf8_lossy(&answer.body)),
            };
            (answer.status.to_string(), body)
        }
        Err(error) => (error.code().to_string(), mask.text(&error.to_string())),
    };
    let mut cut: String = body.chars().take(LONGEST_BODY).collect();
    if cut.len() < body.len() {
        cut.push('…');
    }
    ExchangeSide { curl: mask.text(&curl(side, request, mask)), status, body: cut }
}

/// The call as somebody would repeat it by hand; the token is theirs to fill in.
fn curl(side: &Side, request: &RawRequest, mask: &Mask) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let place = match request.place {
        melody_api::Place::Api => "/api/v1",
        melody_api::Place::Base | melody_api::Place::Root => "",
    };
    let escape = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let path: Vec<String> = request.segments.iter().map(|segment| escape(segment)).collect();
    let query: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(&mask.text(value))))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let mut line = format!(
        "curl -X {} {}",
        request.method,
        quoted(&format!("{}{place}/{}{mark}{}", side.address, path.join("/"), query.join("&")))
    );
    for (name, value) in &request.headers {
        let _ = write!(line, " -H {}", quoted(&format!("{name}: {value}")));
    }
    if request.token.is_some() {
        line.push_str(" -H 'authorization: Bearer TOKEN'");
    }
    if let Some(body) = &request.body {
        let text = match serde_json::from_slice::<Value>(body) {
            Ok(json) => mask.value(&json).to_string(),
            Err(_) => mask.text(&String::from_utf8_lossy(body)),
        };
        let _ = write!(line, " -d {}", quoted(&text));
    }
    line
}
