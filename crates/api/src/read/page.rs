//! Pages: a malformed item costs that item, counted and reported, never the page.

use melody_model::{Notification, RemoteConversion, RemoteEntry, RemotePage, RemoteSong};
use serde_json::Value;

use super::{
    conversion, entry,
    envelope::Payload,
    notification, song,
    value::{self, Fields},
};

/// Names under which the items of a page come.
const ITEMS: &[&str] = &["tracks", "songs", "items", "results", "entries", "conversions", "notifications"];

pub(crate) fn songs(payload: &Payload) -> Option<RemotePage<RemoteSong>> {
    page(payload, song::song)
}

pub(crate) fn entries(payload: &Payload) -> Option<RemotePage<RemoteEntry>> {
    page(payload, entry::entry)
}

pub(crate) fn conversions(payload: &Payload) -> Option<RemotePage<RemoteConversion>> {
    page(payload, conversion::conversion)
}

pub(crate) fn notifications(payload: &Payload) -> Option<RemotePage<Notification>> {
    page(payload, notification::notification)
}

/// `None` when there is no list in the answer at all. A list that is null is an empty one.
fn page<T>(payload: &Payload, read: fn(&Value) -> Option<T>) -> Option<RemotePage<T>> {
    let items = match &payload.data {
        Value::Array(items) => items.clone(),
        data => {
            let mut fields = Fields::of(data)?;
            let null = ITEMS.iter().any(|name| data.get(name).is_some_and(Value::is_null));
            match fields.read(ITEMS, value::list) {
                Some(items) => items,
                None if null => Vec::new(),
                None => return None,
            }
        }
    };
    let came = items.len();
    let items: Vec<T> = items.iter().filter_map(read).collect();
    let skipped = came - items.len();
    if skipped > 0 {
        tracing::warn!(skipped, came, "items of a page could not be read");
    }
    Some(RemotePage { items, skipped, total: payload.total })
}
