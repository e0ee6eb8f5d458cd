//! Ids: ours are UUIDv7 and stable for ever; the server's are text that one generation gave out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! own_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later in order than every one made before it on this machine.
            #[allow(clippy::new_without_default)] // Each call makes another: there is no default id.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

own_id! {
    /// A song of the catalogue, as this installation knows it.
    SongId
}
own_id! {
    /// A saved song.
    EntryId
}
own_id! {
    /// A change that the service has yet to hear of.
    OperationId
}
own_id! {
    /// A listener's own list of songs.
    PlaylistId
}
own_id! {
    /// One place of a playlist: a song may have several.
    PlaylistItemId
}
own_id! {
    /// One listen to a song.
    ListenId
}

/// An id that the service gave out. Opaque: an ObjectId, a prefixed word or a UUID, by generation.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct ServerId(pub String);

impl ServerId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text typed by a person may be an id of either dialect: 24 hex digits, a UUID, or a
    /// prefix, an underscore and a word (`track_…`).
    pub fn looks_like_one(text: &str) -> bool {
        let object_id = text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let prefixed = text.split_once('_').is_some_and(|(prefix, rest)| {
            !prefix.is_empty()
                && prefix.bytes().all(|b| b.is_ascii_lowercase())
                && !rest.is_empty()
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        });
        object_id || prefixed || Uuid::parse_str(text).is_ok()
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ServerId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A generation: a backend and the ids that it gave out. Numbers are one library's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationId(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_dialects_are_recognised() {
        for id in
            ["64f0c2a1b3d4e5f60718293a", "track_123", "library_a-9", "3f1e9a50-7e9f-4a43-9c2f-000000000001"]
        {
            assert!(ServerId::looks_like_one(id), "{id}");
        }
        for word in ["", "दिल", "tum hi ho", "_x", "track_", "../etc", "64f0c2a1b3d4e5f60718293"] {
            assert!(!ServerId::looks_like_one(word), "{word}");
        }
    }

    #[test]
    fn own_ids_are_ordered_by_time() {
        let ids: Vec<_> = (0..100).map(|_| SongId::new()).collect();
        assert!(ids.is_sorted());
    }
}
