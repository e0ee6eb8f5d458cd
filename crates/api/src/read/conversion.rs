//! Conversions, in either backend's form.

use melody_model::{ConversionStatus, RemoteConversion, ServerId};
use serde_json::Value;

use super::{
    envelope::Payload,
    song::{self, id},
    time::timestamp,
    value::{self, Fields},
};

/// Names under which one conversion may come.
const CONVERSION: &[&str] = &["conversion", "job"];

/// The conversion that an answer is about.
pub(crate) fn answered(payload: &Payload) -> Option<RemoteConversion> {
    payload.candidates(CONVERSION).iter().find_map(conversion)
}

/// A conversion needs an id; everything else may be missing.
pub(crate) fn conversion(value: &Value) -> Option<RemoteConversion> {
    let mut fields = Fields::of(value)?;
    let server_id = fields.read(&["job_id", "conversion_id", "id", "_id"], id)?;
    Some(conversion_with(server_id, fields))
}

/// The same, when the id was found elsewhere: an answer about one job need not name it.
pub(crate) fn conversion_with(server_id: ServerId, mut fields: Fields) -> RemoteConversion {
    let status = fields.read(&["status", "state"], status).unwrap_or_default();
    let progress = fields.read(&["progress", "percent"], value::number).unwrap_or_default();
    let nested = fields.read(&["track", "song"], |v| value::object(v).map(Value::Object));
    let song = nested.as_ref().and_then(song::song);
    let track_id = fields.read(&["track_id", "song_id"], id);
    RemoteConversion {
        server_id,
        library_id: fields.read(&["library_id", "library_item_id", "entry_id"], id),
        track_id: track_id.or_else(|| song.as_ref().map(|song| song.server_id.clone())),
        song,
        status,
        progress: if status == ConversionStatus::Completed { 100 } else { progress.clamp(0.0, 100.0) as u8 },
        queue_position: fields.read(&["queue_position"], value::whole),
        seconds_left: fields.read(
            &["estimated_time_remaining", "seconds_left", "time_remaining", "estimated_time"],
            value::whole,
        ),
        created_at: fields.read(&["created_at"], timestamp),
        started_at: fields.read(&["started_at"], timestamp),
        completed_at: fields.read(&["completed_at"], timestamp),
        error: fields.read(&["error", "error_message"], reason),
        extra: fields.rest(),
    }
}

/// A word that nobody knows is of something under way.
fn status(value: &Value) -> Option<ConversionStatus> {
    Some(match value::text(value)?.to_ascii_lowercase().as_str() {
        "queued" | "pending" | "waiting" => ConversionStatus::Queued,
        "completed" | "complete" | "done" | "success" => ConversionStatus::Completed,
        "failed" | "error" => ConversionStatus::Failed,
        "cancelled" | "canceled" => ConversionStatus::Cancelled,
        _ => ConversionStatus::Processing,
    })
}

/// Words, or an object that has some.
fn reason(value: &Value) -> Option<String> {
    value::text(value).or_else(|| Fields::of(value)?.read(&["message", "detail", "code"], value::text))
}

/// What a socket says of a conversion.
pub(crate) fn told(text: &str) -> Option<RemoteConversion> {
    let message: Value = serde_json::from_str(text).ok()?;
    let mut fields = Fields::of(&message)?;
    let kind = fields.read(&["type", "event"], value::text)?;
    let data = fields.read(&["data", "payload"], |v| value::object(v).map(Value::Object));
    let data = data.unwrap_or(message);
    let mut conversion = conversion(&data)?;
    match kind.as_str() {
        // The kind of the message says it all; a status beside it is not needed.
        "conversion_completed" => {
            conversion.status = ConversionStatus::Completed;
            conversion.progress = 100;
        }
        "conversion_progress" => {
            if data.get("status").is_none() && data.get("state").is_none() {
                conversion.status = ConversionStatus::Processing;
            }
        }
        _ => return None,
    }
    Some(conversion)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn either_case_and_loose_numbers_are_read() {
        for value in [
            json!({"jobId": "job_1", "libraryId": "library_2", "status": "PROCESSING", "progress": "42.7",
                "estimatedTimeRemaining": 12.2, "startedAt": "2024-01-15T10:30:00Z", "error": null}),
            json!({"job_id": "job_1", "library_id": "library_2", "status": "in_progress", "progress": 42,
                "estimated_time_remaining": "12", "started_at": "2024-01-15T10:30:00.000000"}),
        ] {
            let read = conversion(&value).unwrap();
            assert_eq!((read.server_id.as_str(), read.progress, read.seconds_left), ("job_1", 42, Some(12)));
            assert_eq!(read.library_id, Some(ServerId::from("library_2")));
            assert_eq!(read.status, ConversionStatus::Processing);
            assert_eq!(read.started_at.unwrap().to_string(), "2024-01-15T10:30:00Z");
            assert!(read.error.is_none() && read.extra.is_empty(), "{read:?}");
        }
        assert_eq!(conversion(&json!({"status": "queued"})), None);
        let failed = conversion(&json!({"id": 7, "status": "failed", "error": {"message": "No lead"}}));
        assert_eq!(failed.unwrap().error.as_deref(), Some("No lead"));
    }

    #[test]
    fn a_message_tells_by_its_kind_what_its_data_leave_out() {
        let done = told(r#"{"type":"conversion_completed","data":{"jobId":"job_1"}}"#).unwrap();
        assert_eq!((done.status, done.progress), (ConversionStatus::Completed, 100));
        let moved = told(r#"{"type":"conversion_progress","job_id":"job_1","progress":30}"#).unwrap();
        assert_eq!((moved.status, moved.progress), (ConversionStatus::Processing, 30));
        for other in
            [r#"{"type":"notification","data":{"id":"1"}}"#, "[]", "x", r#"{"type":"conversion_progress"}"#]
        {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
