//! One form for both dialects: what the contract's table of shapes says is different is made the same, and noted.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A row of the contract's table of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Row {
    #[serde(rename = "field names, both ways")]
    Names,
    #[serde(rename = "ids")]
    Ids,
    #[serde(rename = "envelope")]
    Envelope,
    #[serde(rename = "error")]
    Error,
    #[serde(rename = "timestamps")]
    Timestamps,
    #[serde(rename = "user")]
    User,
    #[serde(rename = "song")]
    Song,
    #[serde(rename = "JSON columns")]
    JsonColumns,
    #[serde(rename = "user paths")]
    Paths,
}

impl Row {
    /// The row's heading in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Names => "field names, both ways",
            Self::Ids => "ids",
            Self::Envelope => "envelope",
            Self::Error => "error",
            Self::Timestamps => "timestamps",
            Self::User => "user",
            Self::Song => "song",
            Self::JsonColumns => "JSON columns",
            Self::Paths => "user paths",
        }
    }
}

/// Which column of the table a form stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Blue,
    Green,
}

/// In what forms one thing came, over all items of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sign {
    /// The first place of a blue form, as it was spelt.
    pub blue: Option<String>,
    pub green: Option<String>,
    /// The first place, whichever form.
    pub path: String,
}

/// A body in the common form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canonical {
    pub value: Value,
    /// By row and by place, list positions left out.
    pub signs: BTreeMap<(Row, String), Sign>,
}

/// Columns that hold JSON; their keys are as stored, on both sides.
const COLUMNS: &[&str] = &["preferences", "metadata", "external_ids", "audio_files"];

/// Brings a body into the common form. `lift` turns blue's arrangement of users and songs into green's: two backends of
/// one dialect are compared as they are.
pub(crate) fn canonical(body: &Value, lift: bool, status: u16) -> Canonical {
    let mut shaping = Shaping { lift, signs: BTreeMap::new() };
    let value = if status >= 400 { shaping.refusal(body) } else { shaping.success(body) };
    Canonical { value, signs: shaping.signs }
}

/// A path without the positions of lists: what is said of one item is said of all.
pub(crate) fn pattern(path: &str) -> String {
    path.split('/')
        .map(|part| if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) { "*" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// One more step of a JSON pointer.
pub(crate) fn under(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// `thumbnailUrl` → `thumbnail_url`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

struct Shaping {
    lift: bool,
    signs: BTreeMap<(Row, String), Sign>,
}

impl Shaping {
    fn sign(&mut self, row: Row, path: &str, form: Form, spelt: &str) {
        let sign = self.signs.entry((row, pattern(path))).or_default();
        if sign.path.is_empty() {
            path.clone_into(&mut sign.path);
        }
        let place = match form {
            Form::Blue => &mut sign.blue,
            Form::Green => &mut sign.green,
        };
        place.get_or_insert_with(|| spelt.to_owned());
    }

    /// A message and the field that it is about; what the code means is read by the client.
    fn refusal(&mut self, body: &Value) -> Value {
        if body.get("success").and_then(Value::as_bool) == Some(false) {
            self.sign(Row::Error, "", Form::Blue, "success, message, error");
            let details = &body["error"]["details"];
            let field = details.get("field").and_then(Value::as_str).map(snake);
            let message = details.get("issue").filter(|_| field.is_some()).unwrap_or(&body["message"]);
            return told(message.clone(), field);
        }
        match body.get("detail") {
            Some(Value::Array(problems)) => {
                self.sign(Row::Error, "", Form::Green, "detail");
                let first = problems.first().cloned().unwrap_or_default();
                let place = first["loc"].as_array().and_then(|loc| loc.get(1..)).and_then(<[Value]>::last);
                told(first["msg"].clone(), place.and_then(Value::as_str).map(snake))
            }
            Some(detail) => {
                self.sign(Row::Error, "", Form::Green, "detail");
                told(detail.clone(), None)
            }
            None => self.walk(body, "", false),
        }
    }

    fn success(&mut self, body: &Value) -> Value {
        let enveloped =
            body.as_object().is_some_and(|map| map.contains_key("data") || map.contains_key("success"));
        if enveloped {
            self.sign(Row::Envelope, "", Form::Blue, "success, data, message");
            return self.walk(body, "", false);
        }
        self.sign(Row::Envelope, "", Form::Green, "nothing around it");
        json!({ "data": self.walk(body, "/data", false) })
    }

    fn walk(&mut self, value: &Value, path: &str, column: bool) -> Value {
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| self.walk(item, &under(path, &at.to_string()), column))
                .collect(),
            Value::Object(fields) if column => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), self.walk(value, &under(path, name), true)))
                    .collect(),
            ),
            Value::Object(fields) => self.object(fields, path),
            other => other.clone(),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, path: &str) -> Value {
        let mut out = Map::new();
        for (raw, value) in fields {
            let name = match raw.as_str() {
                "_id" => raw.clone(),
                raw => snake(raw),
            };
            // Both spellings in one object: the second is a field of its own.
            let name = if out.contains_key(&name) { raw.clone() } else { name };
            let at = under(path, &name);
            if raw.contains('_') && !raw.starts_with('_') {
                self.sign(Row::Names, &at, Form::Green, raw);
            } else if *raw != name {
                self.sign(Row::Names, &at, Form::Blue, raw);
            }
            match (name.as_str(), value) {
                ("profile", Value::Object(profile)) if self.lift => {
                    self.sign(Row::User, path, Form::Blue, "profile.{name, avatar, preferences}");
                    for (raw, value) in profile {
                        let name = if raw == "avatar" { "avatar_url".to_owned() } else { snake(raw) };
                        let value = self.member(&name, value, &under(path, &name));
                        out.insert(name, value);
                    }
                }
                ("thumbnail", _) if self.lift => {
                    self.sign(Row::Song, &under(path, "thumbnail_url"), Form::Blue, raw);
                    out.insert("thumbnail_url".to_owned(), value.clone());
                }
                ("sources", Value::Object(sources)) if self.lift => {
                    self.sign(Row::Song, &under(path, "external_ids"), Form::Blue, raw);
                    out.insert("external_ids".to_owned(), ids_of_sources(sources));
                }
                _ => {
                    match name.as_str() {
                        "thumbnail_url" | "external_ids" => self.sign(Row::Song, &at, Form::Green, raw),
                        "avatar_url" => {
                            self.sign(Row::User, path, Form::Green, "name, avatar_url, preferences");
                        }
                        _ => {}
                    }
                    let value = self.member(&name, value, &at);
                    out.insert(name, value);
                }
            }
        }
        if path.is_empty() && out.get("error").is_some_and(Value::is_null) {
            out.remove("error");
        }
        Value::Object(out)
    }

    /// The value of a field; of a column that came as a text, what it holds.
    fn member(&mut self, name: &str, value: &Value, path: &str) -> Value {
        if !COLUMNS.contains(&name) {
            return self.walk(value, path, false);
        }
        let held =
            value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(Value::is_object);
        if let Some(held) = held {
            self.sign(Row::JsonColumns, path, Form::Green, "a string that holds JSON");
            return self.walk(&held, path, true);
        }
        if value.is_object() {
            self.sign(Row::JsonColumns, path, Form::Blue, "an object");
        }
        self.walk(value, path, true)
    }
}

fn told(message: Value, field: Option<String>) -> Value {
    match field.filter(|field| !field.is_empty()) {
        Some(field) => json!({ "error": { "message": message, "field": field } }),
        None => json!({ "error": { "message": message } }),
    }
}

/// Blue's objects with an id become the ids; what a catalogue does not have is not there.
fn ids_of_sources(sources: &Map<String, Value>) -> Value {
    let id = |source: &Value| match source {
        Value::Object(fields) => fields.get("id").filter(|id| !id.is_null()).cloned(),
        Value::Null => None,
        other => Some(other.clone()),
    };
    Value::Object(sources.iter().filter_map(|(name, source)| Some((name.clone(), id(source)?))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_dialects_come_to_one_form() {
        let blue = json!({ "success": true, "message": "m", "error": null, "data": { "user": {
            "id": "64f0c2a1b3d4e5f60718293a", "profile": { "name": "A", "avatar": null, "preferences": { "autoPlay": 1 } } },
            "tracks": [{ "releaseYear": 1, "thumbnail": "/x", "audioFiles": { "original": "u" },
                         "sources": { "spotify": { "id": "s", "available": true }, "lastfm": { "id": null } } }] } });
        let green = json!({ "success": true, "message": "m", "data": { "user": {
            "id": "64f0c2a1b3d4e5f60718293a", "name": "A", "avatar_url": null, "preferences": "{\"autoPlay\":1}" },
            "tracks": [{ "release_year": 1, "thumbnail_url": "/x", "audio_files": "{\"original\":\"u\"}",
                         "external_ids": { "spotify": "s" } }] } });
        let (blue, green) = (canonical(&blue, true, 200), canonical(&green, true, 200));
        assert_eq!(blue.value, green.value);
        let key = (Row::Names, "/data/tracks/*/release_year".to_owned());
        assert_eq!(blue.signs[&key].blue.as_deref(), Some("releaseYear"));
        assert_eq!(green.signs[&key].green.as_deref(), Some("release_year"));
        let rows: std::collections::BTreeSet<_> = green.signs.keys().map(|(row, _)| *row).collect();
        for row in [Row::Names, Row::User, Row::Song, Row::JsonColumns] {
            assert!(rows.contains(&row), "{row:?}");
        }
    }

    #[test]
    fn refusals_come_to_one_form() {
        let blue = json!({ "success": false, "message": "m", "error": { "code": "VALIDATION_ERROR",
                           "details": { "field": "trackId", "issue": "Field required" } } });
        let green = json!({ "detail": [{ "loc": ["body", "track_id"], "msg": "Field required", "type": "missing" }] });
        assert_eq!(canonical(&blue, true, 400).value, canonical(&green, true, 422).value);
        let blue = json!({ "success": false, "message": "No", "error": { "code": "X", "details": {} } });
        assert_eq!(canonical(&blue, true, 404).value, canonical(&json!({ "detail": "No" }), true, 404).value);
    }

    #[test]
    fn list_positions_are_left_out_of_patterns() {
        assert_eq!(pattern("/data/tracks/12/title"), "/data/tracks/*/title");
        assert_eq!(pattern(""), "");
        assert_eq!(under("/a", "b/c~"), "/a/b~1c~0");
    }

    proptest! {
        /// What is in the common form already stays as it is.
        #[test]
        fn the_common_form_is_its_own(names in prop::collection::btree_map("[a-z]{1,6}(_[a-z]{1,4})?", any::<i32>(), 0..6)) {
            let data: Value = names.into_iter().filter(|(n, _)| n != "profile" && n != "sources" && n != "thumbnail")
                .map(|(n, v)| (n, Value::from(v))).collect::<Map<_, _>>().into();
            let body = json!({ "success": true, "data": data, "message": "m" });
            let once = canonical(&body, true, 200).value;
            prop_assert_eq!(&once, &body);
            prop_assert_eq!(canonical(&once, true, 200).value, once);
        }
    }
}
