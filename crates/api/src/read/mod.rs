//! Tolerant, never lossy reading of whatever either backend answers.

pub(crate) mod conversion;
pub(crate) mod entry;
pub(crate) mod envelope;
pub(crate) mod notification;
pub(crate) mod page;
pub(crate) mod song;
pub(crate) mod time;
pub(crate) mod user;
pub(crate) mod value;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::{conversion, entry, envelope::Payload, notification, page, song, time, user};

    /// Names that some reader looks for, in both cases, and one that none does.
    const NAMES: &[&str] = &[
        "data",
        "success",
        "error",
        "detail",
        "pagination",
        "total",
        "tracks",
        "songs",
        "track",
        "song",
        "id",
        "_id",
        "library_id",
        "libraryId",
        "trackId",
        "title",
        "artist",
        "duration",
        "genre",
        "metadata",
        "sources",
        "external_ids",
        "audioFiles",
        "audio_files",
        "original",
        "instrumental",
        "instrumentalUrl",
        "url",
        "added_at",
        "playCount",
        "user",
        "profile",
        "preferences",
        "stats",
        "tokens",
        "access_token",
        "expiresIn",
        "otpId",
        "$oid",
        "$date",
        "job_id",
        "status",
        "progress",
        "message",
        "type",
        "whatever",
    ];

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            prop::sample::select(vec![
                "2024-01-15T10:30:00Z",
                "{\"id\":1}",
                "[1]",
                "\"x\"",
                "1e400",
                "-0",
                "true"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((prop::sample::select(NAMES), inner), 0..6).prop_map(|fields| {
                    Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>())
                }),
            ]
        })
    }

    proptest! {
        /// Whatever comes, reading it is an answer and never a panic.
        #[test]
        fn nothing_that_comes_is_a_panic(body in any_json()) {
            crate::detect::evidence(&body);
            let payload = Payload::of(body.clone());
            let _ = (page::songs(&payload), page::entries(&payload), song::answered(&payload), entry::added(&payload));
            let _ = (entry::play_count(&payload), user::answered(&payload), user::otp_ticket(&payload));
            let _ = (conversion::answered(&payload), conversion::told(&body.to_string()), notification::notification(&body));
            let _ = (user::tokens(&payload, None), time::timestamp(&body));
        }

        /// Each item of a page is either read or counted.
        #[test]
        fn items_are_read_or_counted(items in prop::collection::vec(any_json(), 0..8)) {
            let came = items.len();
            let page = page::songs(&Payload::of(json!({"data": {"tracks": items}}))).unwrap();
            prop_assert_eq!(page.items.len() + page.skipped, came);
        }

        /// What no reader has a name for comes out as it went in.
        #[test]
        fn unknown_fields_are_kept(value in any_json()) {
            prop_assume!(!value.is_null());
            let song = song::song(&json!({"id": "track_1", "title": "One", "whatever": value})).unwrap();
            prop_assert_eq!(song.extra.get("whatever"), Some(&value));
        }
    }
}
