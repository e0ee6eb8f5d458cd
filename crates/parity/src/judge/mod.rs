//! The verdict on one call: what differs between two answers, and what each difference is to the client.

mod align;
mod diff;
mod headers;
mod leaf;
mod shape;

use std::collections::BTreeSet;

use jiff::Timestamp;
use melody_api::{Code, Dialect, Error as ApiError, RawAnswer, Reading};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

pub(crate) use diff::{Difference, Sums};
pub use shape::Row;
pub(crate) use shape::{canonical, pattern, snake, under};

use crate::{ids::IdMap, suite::Step};
use diff::Context;
use headers::HeaderDifference;
use shape::{Canonical, Sign};

/// What a difference is to the client, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The client reads the same.
    Cosmetic,
    /// Something is lost or slower.
    Degrading,
    /// The client cannot do its job.
    Breaking,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cosmetic => "cosmetic",
            Self::Degrading => "degrading",
            Self::Breaking => "breaking",
        }
    }
}

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The same value under another name.
    Rename,
    /// A value is not there.
    Drop,
    /// A value that the other does not have.
    Add,
    /// Another kind of value: a text in place of a number.
    Type,
    Value,
    /// Rounded, or with less of the second.
    Precision,
    /// Letters spoilt or written otherwise.
    Encoding,
    Order,
    /// A row is not there.
    Lost,
    /// A row is there twice.
    Doubled,
    /// A row that the other does not have.
    Extra,
    /// An id that is another thing's, or of the wrong form.
    Id,
    /// A form of the table of shapes that is the other backend's.
    Shape,
    Status,
    Header,
    /// A body that is no JSON, or JSON on one side only.
    Body,
    Slow,
    /// No answer at all.
    Transport,
    /// What the suite expects of both.
    Expectation,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::Drop => "drop",
            Self::Add => "add",
            Self::Type => "type",
            Self::Value => "value",
            Self::Precision => "precision",
            Self::Encoding => "encoding",
            Self::Order => "order",
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Extra => "extra",
            Self::Id => "id",
            Self::Shape => "shape",
            Self::Status => "status",
            Self::Header => "header",
            Self::Body => "body",
            Self::Slow => "slow",
            Self::Transport => "transport",
            Self::Expectation => "expectation",
        }
    }
}

/// One answer, or why there is none.
pub(crate) type Answered = Result<RawAnswer, ApiError>;

/// A finding before it has a case and a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub path: String,
    pub kind: Kind,
    pub severity: Severity,
    pub blue: Value,
    pub green: Value,
    pub why: String,
    /// How many places it stands for.
    pub count: usize,
}

/// All that one comparison brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    pub found: Vec<Found>,
    pub expected: Vec<(Row, String, Value, Value)>,
    pub hidden: Vec<(&'static str, String)>,
    /// Paths at which blue differs from itself.
    pub noise: Vec<String>,
}

/// What is the same for all calls of a run.
pub(crate) struct Bench<'a> {
    pub ids: &'a mut IdMap,
    pub dialects: (Dialect, Dialect),
    pub began: Timestamp,
    pub origins: (&'a str, &'a str),
    /// Whether blue's arrangement of users and songs is brought into green's.
    pub lift: bool,
    pub sums: &'a mut Sums,
}

/// Compares blue's answer and green's. `again` is blue's second answer to the same call, if it was asked twice.
pub(crate) fn judge(
    bench: &mut Bench<'_>,
    step: &Step,
    blue: &Answered,
    again: Option<&Answered>,
    green: &Answered,
) -> Judged {
    let mut judged = both(bench, step, blue, green);
    if let Some(again) = again {
        // Against itself a backend has one dialect, one origin, and every id is its own.
        let mut own = IdMap::default();
        let mut mirror = Bench {
            ids: &mut own,
            dialects: (bench.dialects.0, bench.dialects.0),
            began: bench.began,
            origins: (bench.origins.0, bench.origins.0),
            lift: bench.lift,
            sums: &mut Sums::new(),
        };
        let restless: BTreeSet<String> =
            both(&mut mirror, step, blue, again).found.into_iter().map(|f| pattern(&f.path)).collect();
        let (noise, found) =
            judged.found.into_iter().partition(|f: &Found| restless.contains(&pattern(&f.path)));
        judged.found = found;
        judged.noise = noise.into_iter().map(|f: Found| f.path).collect();
    }
    judged
}

fn both(bench: &mut Bench<'_>, step: &Step, blue: &Answered, green: &Answered) -> Judged {
    let mut judged = Judged::default();
    let (blue, green) = match (blue, green) {
        (Ok(blue), Ok(green)) => (blue, green),
        (blue, green) => {
            let word = |side: &Answered| match side {
                Ok(answer) => Value::from(answer.status),
                Err(error) => error.code().as_str().into(),
            };
            if word(blue) != word(green) {
                judged.found.push(Found {
                    path: "status".into(),
                    kind: Kind::Transport,
                    severity: Severity::Breaking,
                    why: "Only one of the two answered.".into(),
                    blue: word(blue),
                    green: word(green),
                    count: 1,
                });
            }
            return judged;
        }
    };
    if let Some(status) = step.status
        && (blue.status != status && green.status != status)
    {
        judged.found.push(Found {
            path: "status".into(),
            kind: Kind::Expectation,
            severity: Severity::Degrading,
            blue: blue.status.into(),
            green: green.status.into(),
            why: format!("The suite expects {status} of both."),
            count: 1,
        });
    }
    let (path_blue, path_green) = step.paths();
    if path_blue != path_green && bench.lift {
        judged.expected.push((Row::Paths, "path".into(), path_blue.into(), path_green.into()));
    }
    let (different, hidden) = headers::compare(blue, green);
    judged.hidden.extend(hidden);
    judged.found.extend(different.into_iter().map(of_header));
    bodies(bench, step, blue, green, &mut judged);
    judged
}

fn of_header(header: HeaderDifference) -> Found {
    Found {
        path: format!("header:{}", header.name),
        kind: HeaderDifference::KIND,
        severity: header.severity,
        blue: header.blue,
        green: header.green,
        why: header.why.into(),
        count: 1,
    }
}

fn bodies(bench: &mut Bench<'_>, step: &Step, blue: &RawAnswer, green: &RawAnswer, judged: &mut Judged) {
    let readings = (blue.read_as(step.reads), green.read_as(step.reads));
    let json = |answer: &RawAnswer| serde_json::from_slice::<Value>(&answer.body).ok();
    let (json_blue, json_green) = (json(blue), json(green));
    let same_class = (blue.status < 400) == (green.status < 400);
    if blue.status != green.status {
        let validation = bench.dialects.0 != bench.dialects.1
            && [(blue, &json_blue), (green, &json_green)].iter().any(|(answer, body)| {
                answer.status == 422 && body.as_ref().is_some_and(|body| body["detail"].is_array())
            })
            && [blue.status, green.status].contains(&400);
        if validation {
            let (a, b) = (blue.status.into(), green.status.into());
            judged.expected.push((Row::Error, "status".into(), a, b));
        } else {
            let (severity, why) = outcomes(&readings.0, &readings.1);
            judged.found.push(Found {
                path: "status".into(),
                kind: Kind::Status,
                severity,
                blue: blue.status.into(),
                green: green.status.into(),
                why,
                count: 1,
            });
        }
    }
    let (json_blue, json_green) = match (json_blue, json_green) {
        (Some(a), Some(b)) if same_class => (a, b),
        (Some(_), Some(_)) => return,
        (None, None) => {
            if blue.body != green.body && same_class && !step.as_sent {
                let text = |answer: &RawAnswer| Value::from(excerpt(&answer.body));
                judged.found.push(Found {
                    path: String::new(),
                    kind: Kind::Body,
                    severity: outcomes(&readings.0, &readings.1).0,
                    blue: text(blue),
                    green: text(green),
                    why: "The bodies are no JSON and differ.".into(),
                    count: 1,
                });
            }
            return;
        }
        (a, b) => {
            if step.as_sent {
                return;
            }
            judged.found.push(Found {
                path: String::new(),
                kind: Kind::Body,
                severity: outcomes(&readings.0, &readings.1).0,
                blue: a.unwrap_or_else(|| excerpt(&blue.body).into()),
                green: b.unwrap_or_else(|| excerpt(&green.body).into()),
                why: "Only one of the two bodies is JSON.".into(),
                count: 1,
            });
            return;
        }
    };
    // Two refusals with two statuses: what they say in words adds nothing.
    if blue.status >= 400 && judged.found.iter().any(|found| found.kind == Kind::Status) {
        return;
    }
    let mut blue_form = canonical(&json_blue, bench.lift, blue.status);
    let mut green_form = canonical(&json_green, bench.lift, green.status);
    let enveloped =
        |form: &Canonical| form.signs.get(&(Row::Envelope, String::new())).map(|sign| sign.blue.is_some());
    if enveloped(&blue_form) != enveloped(&green_form) && blue.status < 400 {
        // What is around the data is told as one thing.
        for form in [&mut blue_form, &mut green_form] {
            let data = form.value.get("data").cloned().unwrap_or_default();
            form.value = serde_json::json!({ "data": data });
            form.signs.retain(|(_, place), _| place.is_empty() || place.starts_with("/data"));
        }
    }
    if blue.status >= 400 {
        unwrap_status(&mut green_form.value);
    }
    signs(bench.dialects, step.reads, &blue_form, &green_form, judged);
    if blue.status >= 400 && readings_disagree(&readings) {
        let (severity, why) = outcomes(&readings.0, &readings.1);
        judged.found.push(Found {
            path: "/error".into(),
            kind: Kind::Value,
            severity,
            blue: code_of(&readings.0),
            green: code_of(&readings.1),
            why,
            count: 1,
        });
    }
    differences(bench, step, blue, &blue_form.value, &green_form.value, judged);
}

/// A catch-all's `400: Invalid phone number` says what the other says; the status itself is the finding.
fn unwrap_status(value: &mut Value) {
    let Some(message) = value.pointer_mut("/error/message") else { return };
    let real = message.as_str().and_then(|text| {
        let (digits, rest) = text.split_once(": ")?;
        (digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| rest.to_owned())
    });
    if let Some(real) = real {
        *message = real.into();
    }
}

fn readings_disagree((blue, green): &(Result<Value, ApiError>, Result<Value, ApiError>)) -> bool {
    code_of(blue) != code_of(green)
}

fn code_of(reading: &Result<Value, ApiError>) -> Value {
    match reading {
        Ok(_) => "OK".into(),
        Err(error) => error.code().as_str().into(),
    }
}

/// What the table of shapes says of the forms in which the two came.
fn signs(
    dialects: (Dialect, Dialect),
    reads: Reading,
    blue: &Canonical,
    green: &Canonical,
    judged: &mut Judged,
) {
    let crossed = dialects.0 != dialects.1;
    for ((row, place), a) in &blue.signs {
        let Some(b) = green.signs.get(&(*row, place.clone())) else { continue };
        let spelt = |sign: &Sign| match (&sign.blue, &sign.green) {
            (Some(blue), Some(green)) => Value::from(format!("{blue}, {green}")),
            (Some(one), None) | (None, Some(one)) => Value::from(one.clone()),
            (None, None) => Value::Null,
        };
        let old_and_new = if dialects.0 == Dialect::Blue { (a, b) } else { (b, a) };
        let (old, new) = old_and_new;
        let as_listed = old.green.is_none() && new.blue.is_none();
        let same = (a.blue.is_some(), a.green.is_some()) == (b.blue.is_some(), b.green.is_some());
        let verdict = match (crossed, row) {
            (false, _) | (true, Row::Envelope) if same => None,
            (false, _) => Some("The two speak one dialect and write this in two ways."),
            (true, Row::JsonColumns) if new.green.is_none() && old.green.is_none() => None,
            (true, Row::JsonColumns) if old.green.is_some() => {
                Some("Only green has strings in place of objects.")
            }
            (true, Row::JsonColumns) => {
                judged.expected.push((*row, a.path.clone(), spelt(a), spelt(b)));
                None
            }
            (true, Row::Envelope) if reads == Reading::Health => {
                judged.expected.push((*row, a.path.clone(), spelt(a), spelt(b)));
                None
            }
            (true, Row::Envelope) => Some("Only one of the two has the envelope."),
            (true, _) if as_listed => {
                judged.expected.push((*row, a.path.clone(), spelt(a), spelt(b)));
                None
            }
            (true, _) => Some("The table of shapes has it in the other backend's form."),
        };
        if let Some(why) = verdict {
            judged.found.push(Found {
                path: a.path.clone(),
                kind: Kind::Shape,
                severity: Severity::Cosmetic,
                blue: spelt(a),
                green: spelt(b),
                why: format!("{why} (“{}”)", row.as_str()),
                count: 1,
            });
        }
    }
}

/// Walks both bodies; each group of differences is judged by what the client reads in blue's answer with it.
fn differences(
    bench: &mut Bench<'_>,
    step: &Step,
    answer: &RawAnswer,
    blue: &Value,
    green: &Value,
    judged: &mut Judged,
) {
    let mut context = Context::new(bench.ids, bench.dialects, bench.began, bench.origins);
    context.form_only = &step.form_only;
    context.near = &step.near;
    context.any_order = step.any_order;
    context.sums = Some(bench.sums);
    context.walk(blue, green, "");
    let differences = std::mem::take(&mut context.found);
    judged.hidden.append(&mut context.hidden);
    judged.expected.append(&mut context.expected);
    let mut groups: Vec<(String, Kind)> = Vec::new();
    for difference in &differences {
        if !groups.contains(&difference.group()) {
            groups.push(difference.group());
        }
    }
    let read = |body: &Value| answer.with(answer.status, body.to_string().into_bytes()).read_as(step.reads);
    let as_it_is = if answer.status < 400 { Some(read(blue)) } else { None };
    for group in groups {
        let members: Vec<&Difference> = differences.iter().filter(|d| d.group() == group).collect();
        let Some(first) = members.first() else { continue };
        let (severity, why) = match &as_it_is {
            Some(before) => {
                context.take = Some(group.clone());
                let with_it = context.walk(blue, green, "");
                context.take = None;
                let after = read(&with_it);
                if first.kind == Kind::Id { of_ids(first) } else { effect(before, &after) }
            }
            None => {
                (Severity::Cosmetic, "The client acts by the code of an error, not by its words.".to_owned())
            }
        };
        let mut words = vec![first.note.clone(), why];
        if members.len() > 1 {
            words.push(format!("{} more like it.", members.len() - 1));
        }
        words.retain(|word| !word.is_empty());
        judged.found.push(Found {
            path: first.path.clone(),
            kind: first.kind,
            severity,
            blue: first.blue.clone(),
            green: first.green.clone(),
            why: words.join(" "),
            count: members.len(),
        });
    }
}

/// An id of another thing leads the client astray; one of another form does not.
fn of_ids(difference: &Difference) -> (Severity, String) {
    if difference.note.contains("met before") {
        (Severity::Degrading, "The client would take one thing for another.".into())
    } else {
        (Severity::Cosmetic, "The client takes ids of any form.".into())
    }
}

/// What the client makes of an answer with a difference, and of the same answer without it.
fn effect(before: &Result<Value, ApiError>, after: &Result<Value, ApiError>) -> (Severity, String) {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (before, after) => return outcomes(before, after),
    };
    if before == after {
        return (Severity::Cosmetic, "The client reads the same.".into());
    }
    let items = |value: &Value| value["items"].as_array().map(Vec::len);
    if items(before).is_some_and(|n| n > 0) && items(after) == Some(0) {
        return (Severity::Breaking, "The client can read none of the rows.".into());
    }
    let mut places = Vec::new();
    changes(before, after, "", &mut places);
    let needed =
        |place: &str| ["/audio_files/original", "/access", "/refresh"].iter().any(|end| place.ends_with(end));
    if let Some((place, _)) = places.iter().find(|(place, lost)| *lost && needed(place)) {
        return (
            Severity::Breaking,
            format!("The client cannot do without {}.", place.trim_start_matches('/')),
        );
    }
    let skipped =
        after["skipped"].as_u64().unwrap_or(0).saturating_sub(before["skipped"].as_u64().unwrap_or(0));
    if skipped > 0 {
        return (Severity::Degrading, format!("The client cannot read {skipped} of the rows."));
    }
    let place = places.first().map_or("/", |(place, _)| place.as_str());
    (Severity::Degrading, format!("The client reads something else at {place}."))
}

/// Where two readings differ, and whether something is lost there.
fn changes(before: &Value, after: &Value, path: &str, places: &mut Vec<(String, bool)>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let nothing = Value::Null;
                let (a, b) = (a.get(name).unwrap_or(&nothing), b.get(name).unwrap_or(&nothing));
                changes(a, b, &shape::under(path, name), places);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                changes(a, b, &format!("{path}/{at}"), places);
            }
        }
        (a, b) if a == b => {}
        (_, b) => places.push((path.to_owned(), b.is_null() || *b == Value::Bool(false))),
    }
}

/// Two whole answers by what the call comes to.
fn outcomes(blue: &Result<Value, ApiError>, green: &Result<Value, ApiError>) -> (Severity, String) {
    let sign_in = |code: Code| matches!(code, Code::AuthRequired | Code::InvalidToken);
    match (blue, green) {
        (Ok(_), Ok(_)) => (Severity::Cosmetic, "The client reads the same.".into()),
        (Ok(_), Err(error)) => {
            (Severity::Breaking, format!("What succeeds on blue fails on green: {}.", error.code()))
        }
        (Err(error), Ok(_)) if sign_in(error.code()) => {
            (Severity::Breaking, "What needs a sign-in on blue is open on green.".into())
        }
        (Err(error), Ok(_)) => {
            (Severity::Degrading, format!("What blue refuses ({}) succeeds on green.", error.code()))
        }
        (Err(a), Err(b)) if a.code() == b.code() => {
            (Severity::Cosmetic, format!("The client reads the same refusal: {}.", a.code()))
        }
        (Err(a), Err(b)) if sign_in(a.code()) || sign_in(b.code()) => (
            Severity::Breaking,
            format!("The client signs in again by the code: {} became {}.", a.code(), b.code()),
        ),
        (Err(a), Err(b)) => {
            (Severity::Degrading, format!("The client reads {} in place of {}.", b.code(), a.code()))
        }
    }
}

/// The beginning of a body that is no JSON.
fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 200;
    let text = String::from_utf8_lossy(body);
    text.chars().filter(|c| !c.is_control()).take(MOST).collect()
}
