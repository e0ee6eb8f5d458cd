//! Why a change is parked: kept as the sentence and what any other language makes it of.

use std::collections::BTreeMap;

use melody_library::{OperationKind, ParkedOp};
use serde::{Deserialize, Serialize};

use crate::{ChangeKind, Error, MessageKey, ParkedOperation};

/// What stands in the library beside a parked operation.
#[derive(Serialize, Deserialize)]
struct Kept {
    message: String,
    key: MessageKey,
    params: BTreeMap<String, String>,
}

impl Kept {
    fn written(self) -> String {
        // Texts by name can always be written; the sentence alone says enough.
        serde_json::to_string(&self).unwrap_or(self.message)
    }
}

/// An error, for the library to keep.
pub(super) fn keep(error: &Error) -> String {
    let report = error.report();
    let params = report.params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Kept { message: report.message, key: report.key, params }.written()
}

/// For a song that the service does not have, under whatever id.
pub(super) fn no_such_song() -> String {
    let message = "The service does not have this song.".to_owned();
    Kept { message, key: MessageKey::UnknownSong, params: BTreeMap::new() }.written()
}

/// A parked operation as a face shows it. What an earlier version parked has its sentence alone.
pub(super) fn parked(op: ParkedOp) -> ParkedOperation {
    let ParkedOp { op, kind, title, what, reason, .. } = op;
    let kind = match kind {
        OperationKind::Add => ChangeKind::Add,
        OperationKind::Remove => ChangeKind::Remove,
        OperationKind::Play => ChangeKind::Play,
    };
    let (reason, key, params) = match serde_json::from_str::<Kept>(&reason) {
        Ok(Kept { message, key, params }) => (message, Some(key), params),
        Err(_) => (reason, None, BTreeMap::new()),
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
    }
}
