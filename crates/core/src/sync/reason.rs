//! Why a change is parked: kept as the sentence and what any other language makes it of.

use std::collections::BTreeMap;

use melody_library::{OperationKind, ParkedOp};
use serde::{Deserialize, Serialize};

use super::changes::NO_SUCH_SONG;
use crate::{ChangeKind, Error, MessageKey, ParkedOperation};

/// What stands in the library beside a parked operation.
#[derive(Serialize, Deserialize)]
struct Kept {
    message: String,
    key: MessageKey,
    params: BTreeMap<String, String>,
}

/// An error, for the library to keep.
pub(super) fn keep(error: &Error) -> String {
    let report = error.report();
    let params = report.params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let kept = Kept { message: report.message, key: report.key, params };
    // Texts by name can always be written; the sentence alone says enough.
    serde_json::to_string(&kept).unwrap_or(kept.message)
}

/// A parked operation as a face shows it. What an earlier version parked has its sentence alone.
pub(super) fn parked(op: ParkedOp) -> ParkedOperation {
    let ParkedOp { op, kind, title, what, reason, .. } = op;
    let kind = match kind {
        OperationKind::Add => ChangeKind::Add,
        OperationKind::Remove => ChangeKind::Remove,
        OperationKind::Play => ChangeKind::Play,
    };
    let (reason, key, params) = if let Ok(Kept { message, key, params }) = serde_json::from_str(&reason) {
        (message, Some(key), params)
    } else {
        let key = (reason == NO_SUCH_SONG).then_some(MessageKey::UnknownSong);
        (reason, key, BTreeMap::new())
    };
    ParkedOperation { op, what, kind, title, reason, key, params }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use melody_model::{OperationId, SongId};

    use super::*;

    #[test]
    fn a_reason_is_told_by_its_key_and_an_older_one_by_its_sentence() {
        let op = |reason: String| ParkedOp {
            op: OperationId::new(),
            kind: OperationKind::Add,
            song: SongId::new(),
            title: "Rain".into(),
            what: "add Rain".into(),
            reason,
        };
        let error = Error::NoAudio { title: "Rain".into(), rendition: "instrumental" };
        let told = parked(op(keep(&error)));
        assert_eq!((&told.reason, told.key), (&error.to_string(), Some(MessageKey::NoAudio)));
        assert_eq!((told.kind, &*told.title, &*told.params["title"]), (ChangeKind::Add, "Rain", "Rain"));
        let older = parked(op("The service says no.".into()));
        assert_eq!((&*older.reason, older.key, older.params.len()), ("The service says no.", None, 0));
        assert_eq!(parked(op(NO_SUCH_SONG.into())).key, Some(MessageKey::UnknownSong));
    }
}
