//! An answer's envelope, if it has one.

use serde_json::Value;

use super::value::{self, Fields};

/// What an answer is about, without its envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Payload {
    pub data: Value,
    /// How many there are over all pages.
    pub total: Option<u64>,
    /// Whether it came in the service's envelope, or with nothing in it at all.
    pub enveloped: bool,
}

impl Payload {
    /// Of a body in an envelope, or bare.
    pub fn of(mut body: Value) -> Self {
        let mut total = None;
        let enveloped = body.as_object().is_some_and(|map| {
            map.is_empty() || map.contains_key("data") || map.get("success") == Some(&Value::Bool(true))
        });
        let mut data = Value::Null;
        if let Some(map) = body.as_object_mut() {
            let around = map.get("pagination").and_then(total_of);
            total =
                around.or_else(|| map.get("data").and_then(|data| data.get("pagination")).and_then(total_of));
            total = total.or_else(|| map.get("data").and_then(total_of));
            data = map.remove("data").unwrap_or_default();
        }
        if data.is_null() {
            // Bare, or an envelope whose fields lie beside it.
            total = total.or_else(|| total_of(&body));
            data = body;
        }
        Self { data, total, enveloped }
    }

    /// The objects in which a thing may lie: under one of these names, or the data itself.
    pub fn candidates(&self, names: &[&str]) -> Vec<Value> {
        let inside = Fields::of(&self.data)
            .and_then(|mut fields| fields.read(names, |v| value::object(v).map(Value::Object)));
        inside.into_iter().chain([self.data.clone()]).collect()
    }
}

fn total_of(value: &Value) -> Option<u64> {
    Fields::of(value)?.read(&["total", "total_count", "total_items"], value::whole)
}
