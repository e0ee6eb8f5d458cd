//! Which of the two backends answers: told from the answers themselves, never asked of the user.

use std::{fmt, str::FromStr};

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

/// How much an answer tells. Either case may come from either backend, so case alone never overturns the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The shape of an error, the kind of ids, the path that answered.
    Strong(Dialect),
    /// The case of the field names.
    Weak(Dialect),
}

/// The running opinion of one client.
#[derive(Debug)]
pub(crate) struct Detector {
    seen: watch::Sender<Observation>,
    /// Whether the opinion rests on case alone.
    weak: std::sync::atomic::AtomicBool,
}

impl Detector {
    /// Starts from what is remembered; any telling answer may overturn that.
    pub fn new(remembered: Option<Dialect>) -> Self {
        let start = Observation { dialect: remembered, agreeing: 0 };
        Self { seen: watch::Sender::new(start), weak: true.into() }
    }

    pub fn dialect(&self) -> Option<Dialect> {
        self.seen.borrow().dialect
    }

    pub fn watch(&self) -> watch::Receiver<Observation> {
        self.seen.subscribe()
    }

    pub fn note(&self, evidence: Evidence) {
        use std::sync::atomic::Ordering::Relaxed;
        self.seen.send_if_modified(|seen| {
            let dialect = match evidence {
                Evidence::Strong(dialect) => {
                    self.weak.store(false, Relaxed);
                    dialect
                }
                Evidence::Weak(dialect) if seen.dialect == Some(dialect) || self.weak.load(Relaxed) => {
                    dialect
                }
                Evidence::Weak(_) => return false,
            };
            let agreeing = if seen.dialect == Some(dialect) { seen.agreeing.saturating_add(1) } else { 1 };
            *seen = Observation { dialect: Some(dialect), agreeing };
            true
        });
    }
}

/// What the shape of a JSON answer tells.
pub(crate) fn evidence(body: &Value) -> Option<Evidence> {
    if let Some(dialect) = error_shape(body) {
        return Some(Evidence::Strong(dialect));
    }
    let mut tally = Tally::default();
    tally.walk(body, 0);
    match (tally.object_ids, tally.uuids) {
        (1.., 0) => return Some(Evidence::Strong(Dialect::Blue)),
        (0, 1..) => return Some(Evidence::Strong(Dialect::Green)),
        _ => {}
    }
    match tally.camel.cmp(&tally.snake) {
        std::cmp::Ordering::Greater => Some(Evidence::Weak(Dialect::Blue)),
        std::cmp::Ordering::Less => Some(Evidence::Weak(Dialect::Green)),
        std::cmp::Ordering::Equal => None,
    }
}

/// Whose error this is, if it is one in either shape.
pub(crate) fn error_shape(body: &Value) -> Option<Dialect> {
    let object = body.as_object()?;
    let failed = object.get("success").and_then(Value::as_bool) == Some(false);
    let blue_error = match object.get("error") {
        Some(Value::Object(error)) => failed || error.contains_key("code"),
        Some(Value::String(_)) => failed,
        _ => false,
    };
    if blue_error {
        return Some(Dialect::Blue);
    }
    match object.get("detail") {
        Some(Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null) if !failed => {
            Some(Dialect::Green)
        }
        _ if failed => Some(Dialect::Blue),
        _ => None,
    }
}

#[derive(Default)]
struct Tally {
    object_ids: u32,
    uuids: u32,
    camel: u32,
    snake: u32,
}

impl Tally {
    /// Deep enough for an entry's song in a page, and no deeper.
    const DEPTH: u8 = 6;

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
                        // Other people's ids, and columns whose keys are as stored on both sides.
                        "sources" | "external_ids" | "externalIds" | "audio_files" | "audioFiles"
                        | "metadata" | "preferences" => {}
                        _ => self.walk(value, depth + 1),
                    }
                }
            }
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
