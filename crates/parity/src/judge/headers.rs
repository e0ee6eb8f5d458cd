//! Headers: those that mean something are compared by what they mean, the others by name alone.

use melody_api::RawAnswer;
use serde_json::Value;

use super::{Kind, Severity};

/// A difference of one header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeaderDifference {
    pub name: String,
    pub blue: Value,
    pub green: Value,
    pub severity: Severity,
    pub why: &'static str,
}

impl HeaderDifference {
    pub const KIND: Kind = Kind::Header;
}

/// Headers of one connection or one answer, and those that name the software: nobody compares these.
const OF_THE_MOMENT: &[&str] = &[
    "date",
    "content-length",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "x-request-id",
    "server",
    "x-powered-by",
    "x-process-time",
    "x-response-time",
    "alt-svc",
    "age",
    "via",
    "upgrade",
];
/// Of these only that they are there.
const PRESENCE: &[&str] = &[
    "etag",
    "last-modified",
    "expires",
    "set-cookie",
    "retry-after",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];
/// Those that the client paces itself by.
const PACING: &[&str] = &["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// What differs, and how many differences a rule hid.
pub(crate) fn compare(
    blue: &RawAnswer,
    green: &RawAnswer,
) -> (Vec<HeaderDifference>, Vec<(&'static str, String)>) {
    let mut names: Vec<&str> =
        blue.headers.iter().chain(&green.headers).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found = Vec::new();
    let mut hidden = Vec::new();
    for name in names {
        let (a, b) = (all(blue, name), all(green, name));
        if a == b {
            continue;
        }
        let place = format!("header:{name}");
        if OF_THE_MOMENT.contains(&name) {
            hidden.push(("header of the moment", place));
            continue;
        }
        // Whether a body is long enough to be compressed is the body's affair.
        if name == "vary" && said_by_vary(a.as_deref()) == said_by_vary(b.as_deref()) {
            hidden.push(("header's form", place));
            continue;
        }
        if let (Some(a), Some(b)) = (&a, &b) {
            if PRESENCE.contains(&name) {
                hidden.push(("header's presence", place));
                continue;
            }
            if meaning(name, a) == meaning(name, b) {
                hidden.push(("header's form", place));
                continue;
            }
        }
        let shown = |value: Option<String>| value.map_or(Value::Null, |text| shown(name, text));
        let pacing = PACING.contains(&name);
        found.push(HeaderDifference {
            name: name.to_owned(),
            severity: if pacing { Severity::Degrading } else { Severity::Cosmetic },
            why: if pacing {
                "The client paces itself by this header."
            } else {
                "The client does not look at this header."
            },
            blue: shown(a),
            green: shown(b),
        });
    }
    (found, hidden)
}

fn said_by_vary(value: Option<&str>) -> Vec<String> {
    meaning("vary", value.unwrap_or_default())
        .into_iter()
        .filter(|word| !word.is_empty() && word != "accept-encoding")
        .collect()
}

fn shown(name: &str, text: String) -> Value {
    if matches!(name, "set-cookie" | "authorization") { "…".into() } else { text.into() }
}

fn all(answer: &RawAnswer, name: &str) -> Option<String> {
    let values: Vec<&str> =
        answer.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// A value without what says nothing: case, blanks, order of words, a character set that JSON has anyway.
fn meaning(name: &str, value: &str) -> Vec<String> {
    let value = value.to_ascii_lowercase();
    if name == "content-type" {
        let json = value.starts_with("application/json");
        return value
            .split(';')
            .map(|part| part.trim().to_owned())
            .filter(|part| !(json && part.replace('"', "") == "charset=utf-8"))
            .collect();
    }
    let mut words: Vec<String> = value.split(',').map(|word| word.trim().to_owned()).collect();
    words.sort();
    words
}
