//! Points in time: with `Z`, with an offset, or naive, which is UTC.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use super::value;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;

pub(crate) fn timestamp(value: &Value) -> Option<Timestamp> {
    if let Some(map) = value.as_object() {
        // MongoDB's extended JSON, should a document come as it is stored.
        return map.get("$date").filter(|inner| !inner.is_object()).and_then(timestamp);
    }
    if let Some(number) = value::number(value) {
        let ms = if number.abs() < MILLISECONDS_FROM { number * 1000.0 } else { number };
        return Timestamp::from_millisecond(ms as i64).ok();
    }
    let text = value.as_str()?.trim();
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_is_the_same_moment() {
        let moment: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        for form in [
            json!("2024-01-15T10:30:00Z"),
            json!("2024-01-15T10:30:00.000Z"),
            json!("2024-01-15T10:30:00+00:00"),
            json!("2024-01-15T16:00:00+05:30"),
            json!("2024-01-15T16:00:00.000000+0530"),
            json!("2024-01-15T10:30:00.000000"),
            json!("2024-01-15T10:30:00"),
            json!("2024-01-15 10:30:00.000000"),
            json!("2024-01-15 10:30:00+00:00"),
            json!(1_705_314_600),
            json!(1_705_314_600_000_i64),
            json!("1705314600"),
            json!({"$date": "2024-01-15T10:30:00Z"}),
        ] {
            assert_eq!(timestamp(&form), Some(moment), "{form}");
        }
        for none in [
            json!(null),
            json!(""),
            json!("yesterday"),
            json!([]),
            json!(true),
            json!({"$date": {"$date": 1}}),
        ] {
            assert_eq!(timestamp(&none), None, "{none}");
        }
    }
}
