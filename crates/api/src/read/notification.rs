//! Notifications, in either backend's form.

use melody_model::Notification;
use serde_json::Value;

use super::{
    song::id,
    time::timestamp,
    value::{self, Fields},
};

/// A notification needs an id and words.
pub(crate) fn notification(value: &Value) -> Option<Notification> {
    let mut fields = Fields::of(value)?;
    let message = fields.read(&["message", "body", "text"], value::text);
    Some(Notification {
        id: fields.read(&["id", "_id", "notification_id"], id)?,
        kind: fields.read(&["type", "kind"], value::text),
        title: fields.read(&["title"], value::text).or_else(|| message.clone())?,
        message,
        data: fields.read(&["data"], value::object).unwrap_or_default(),
        read: fields.read(&["read", "is_read"], value::truth).unwrap_or_default(),
        created_at: fields.read(&["created_at"], timestamp),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_that_is_a_text_is_read_as_what_it_holds() {
        let value = json!({"id": "n1", "type": "conversion_completed", "title": "Ready", "read": "false",
            "data": "{\"jobId\":\"job_1\"}", "created_at": "2024-01-15T10:30:00.000000"});
        let read = notification(&value).unwrap();
        assert_eq!((read.data["jobId"].as_str(), read.read), (Some("job_1"), false));
        assert_eq!(read.created_at.unwrap().to_string(), "2024-01-15T10:30:00Z");
        assert_eq!(notification(&json!({"id": "n1"})), None);
    }
}
