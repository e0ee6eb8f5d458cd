//! Which of the two backends answers: told from the answers themselves, never asked of the user.

use std::{
    cmp::Ordering,
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

/// The two backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The old one: Node, camelCase, ObjectIds.
    Blue,
    /// The new one: FastAPI, snake_case, UUIDs.
    Green,
}

impl Dialect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "blue" => Ok(Self::Blue),
            "green" => Ok(Self::Green),
            _ => Err(format!("“{text}” is not one of blue, green.")),
        }
    }
}

/// What the answers so far have shown. While both backends answer in turn, `agreeing` stays small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// What the newest telling answer showed.
    pub dialect: Option<Dialect>,
    /// How many telling answers in a row have shown it.
    pub agreeing: u32,
}

/// What one answer tells: a backend, and how surely. An opinion yields only to what is certain, or surer than what it
/// rests on: a sign that either backend may give overturns nothing by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    dialect: Dialect,
    weight: u32,
}

impl Evidence {
    /// The shape of an error, the path that answered, several signs at once.
    const CERTAIN: u32 = u32::MAX;
    /// As much more for one backend than for the other leaves no doubt.
    const CLEAR: u32 = 3;

    pub fn certain(dialect: Dialect) -> Self {
        Self { dialect, weight: Self::CERTAIN }
    }

    pub fn slight(dialect: Dialect) -> Self {
        Self { dialect, weight: 1 }
    }

    fn of(blue: u32, green: u32) -> Option<Self> {
        let (dialect, lead) = match blue.cmp(&green) {
            Ordering::Greater => (Dialect::Blue, blue - green),
            Ordering::Less => (Dialect::Green, green - blue),
            Ordering::Equal => return None,
        };
        Some(if lead >= Self::CLEAR { Self::certain(dialect) } else { Self { dialect, weight: lead } })
    }
}

/// The running opinion of one client.
#[derive(Debug)]
pub(crate) struct Detector {
    seen: watch::Sender<Observation>,
    /// The weight of the best evidence for the opinion.
    rests_on: AtomicU32,
}

impl Detector {
    /// Starts from what is remembered: of an earlier run, whose evidence was no worse than this one's will be.
    pub fn new(remembered: Option<Dialect>) -> Self {
        let start = Observation { dialect: remembered, agreeing: 0 };
        let rests_on = if remembered.is_some() { Evidence::CERTAIN } else { 0 };
        Self { seen: watch::Sender::new(start), rests_on: AtomicU32::new(rests_on) }
    }

    pub fn dialect(&self) -> Option<Dialect> {
        self.seen.borrow().dialect
    }

    pub fn watch(&self) -> watch::Receiver<Observation> {
        self.seen.subscribe()
    }

    pub fn note(&self, Evidence { dialect, weight }: Evidence) {
        self.seen.send_if_modified(|seen| {
            let held = self.rests_on.load(Relaxed);
            if seen.dialect == Some(dialect) {
                self.rests_on.store(held.max(weight), Relaxed);
                *seen = Observation { agreeing: seen.agreeing.saturating_add(1), ..*seen };
                return true;
            }
            if weight <= held && weight != Evidence::CERTAIN {
                return false;
            }
            self.rests_on.store(weight, Relaxed);
            *seen = Observation { dialect: Some(dialect), agreeing: 1 };
            true
        });
    }
}

/// What the shape of a JSON answer tells.
pub(crate) fn evidence(body: &Value) -> Option<Evidence> {
    if let Some(dialect) = error_shape(body) {
        return Some(Evidence::certain(dialect));
    }
    // Only blue's envelope has a place for an error also when there is none.
    let blue_envelope = body.get("success").is_some() && body.get("error").is_some_and(Value::is_null);
    let mut signs = Signs { blue_envelope, ..Signs::default() };
    signs.walk(body, 0);
    signs.weighed()
}

/// Whose error this is, if it is one in either shape. A gateway's JSON is in neither.
pub(crate) fn error_shape(body: &Value) -> Option<Dialect> {
    let object = body.as_object()?;
    let failed = object.get("success").and_then(Value::as_bool) == Some(false);
    let blue_error = match object.get("error") {
        // Many a gateway has an error with a code too: without its envelope, blue's is known by the code itself.
        Some(Value::Object(error)) => {
            failed || error.get("code").and_then(Value::as_str).is_some_and(is_a_code_of_the_contract)
        }
        Some(Value::String(_)) => failed,
        _ => false,
    };
    if blue_error {
        return Some(Dialect::Blue);
    }
    // What some gateways answer with (RFC 9457) has a detail as well.
    let problem_details = object.contains_key("title") && object.contains_key("status");
    match object.get("detail") {
        Some(Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null)
            if !failed && !problem_details =>
        {
            Some(Dialect::Green)
        }
        _ if failed => Some(Dialect::Blue),
        _ => None,
    }
}

fn is_a_code_of_the_contract(code: &str) -> bool {
    matches!(
        code,
        "AUTH_REQUIRED"
            | "INVALID_TOKEN"
            | "INVALID_OTP"
            | "RATE_LIMIT_EXCEEDED"
            | "VALIDATION_ERROR"
            | "RESOURCE_NOT_FOUND"
            | "EXTERNAL_API_ERROR"
            | "PROCESSING_ERROR"
            | "STORAGE_ERROR"
    )
}

/// What speaks for either backend in a good answer. No sign is sure: either may write the other's case, and ids are of
/// any form.
#[derive(Default)]
struct Signs {
    object_ids: u32,
    uuids: u32,
    camel: u32,
    snake: u32,
    /// Names that only one of them has, in whichever case: `thumbnail`, a user's `profile`.
    blue_names: u32,
    /// `thumbnail_url`, `avatar_url`.
    green_names: u32,
    blue_envelope: bool,
    /// Moments with another offset than `Z`, or with none: JavaScript writes no such thing.
    green_moments: bool,
}

impl Signs {
    /// Deep enough for an entry's song in a page, and no deeper.
    const DEPTH: u8 = 6;

    fn weighed(&self) -> Option<Evidence> {
        let (mut blue, mut green) = (0, 0);
        let mut weigh = |weight, for_blue: u32, for_green: u32| match for_blue.cmp(&for_green) {
            Ordering::Greater => blue += weight,
            Ordering::Less => green += weight,
            Ordering::Equal => {}
        };
        weigh(2, u32::from(self.object_ids > 0), u32::from(self.uuids > 0));
        weigh(2, self.blue_names, self.green_names);
        weigh(1, self.camel, self.snake);
        weigh(1, u32::from(self.blue_envelope), 0);
        weigh(1, 0, u32::from(self.green_moments));
        Evidence::of(blue, green)
    }

    fn walk(&mut self, value: &Value, depth: u8) {
        if depth > Self::DEPTH {
            return;
        }
        match value {
            // The first few items of a page are like the rest.
            Value::Array(items) => items.iter().take(8).for_each(|item| self.walk(item, depth + 1)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.name(name);
                    match name.as_str() {
                        "id" | "_id" | "library_id" | "libraryId" | "track_id" | "trackId" | "user_id"
                        | "userId" => {
                            self.id(value);
                        }
                        "thumbnail" => self.blue_names += 1,
                        "thumbnail_url" | "thumbnailUrl" | "avatar_url" | "avatarUrl" => {
                            self.green_names += 1;
                        }
                        // Other people's ids, and columns whose keys are as stored on both sides.
                        "sources" | "external_ids" | "externalIds" | "audio_files" | "audioFiles"
                        | "metadata" | "preferences" => {}
                        "profile" if value.is_object() => {
                            self.blue_names += 1;
                            self.walk(value, depth + 1);
                        }
                        _ => self.walk(value, depth + 1),
                    }
                }
            }
            Value::String(text) => self.green_moments |= is_moment_but_not_z(text),
            _ => {}
        }
    }

    fn name(&mut self, name: &str) {
        let inner = name.trim_start_matches('_');
        if inner.contains('_') {
            self.snake += 1;
        } else if inner.chars().any(char::is_uppercase) {
            self.camel += 1;
        }
    }

    fn id(&mut self, value: &Value) {
        let Some(id) = value.as_str() else { return };
        if Uuid::try_parse(id).is_ok() {
            self.uuids += 1;
        } else if melody_model::ServerId::looks_like_one(id) {
            self.object_ids += 1;
        }
    }
}

/// `2024-03-01T10:00:00+05:30`, `2024-03-01T10:00:00.123456`.
fn is_moment_but_not_z(text: &str) -> bool {
    let date_and_time = |text: &str| text.parse::<jiff::civil::DateTime>().is_ok();
    let begins_like_one = text.len() >= 19 && text.as_bytes()[10] == b'T';
    begins_like_one && !text.ends_with(['Z', 'z']) && date_and_time(text)
}
