//! What became of a library whose file was damaged, in a sentence.

use jiff::Timestamp;
use melody_library::Rescue;
use serde::Serialize;
use ts_rs::TS;

/// A library that was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Rescued {
    #[ts(type = "string")]
    pub at: Timestamp,
    /// The damaged file's name now, in the account's folder.
    pub kept_as: String,
    /// Whether all of it could be read.
    pub complete: bool,
    /// What happened, in a sentence.
    pub message: String,
}

impl From<&Rescue> for Rescued {
    fn from(rescue: &Rescue) -> Self {
        let Rescue { at, kept_as, lost } = rescue;
        let mut words: Vec<&str> = lost.iter().map(|table| word(table)).collect();
        words.sort_unstable();
        words.dedup();
        let how = if words.is_empty() {
            "nothing of yours is lost".to_owned()
        } else {
            format!(
                "part of this could not be read: {}. The next sync brings what the service has",
                words.join(", ")
            )
        };
        let day = at.strftime("%Y-%m-%d");
        Self {
            at: *at,
            kept_as: kept_as.clone(),
            complete: words.is_empty(),
            message: format!(
                "Your library's file was damaged and was made anew on {day}; {how}. The damaged file is kept as {kept_as}."
            ),
        }
    }
}

/// What a table holds, as a listener calls it.
fn word(table: &str) -> &'static str {
    match table {
        "operation" => "changes that wait to be sent",
        "playlist" | "playlist_item" | "playlist_change" => "playlists",
        "listen" => "history",
        "download" => "downloads",
        "entry" | "entry_server_id" => "saved songs",
        "setting" => "the queue",
        _ => "songs",
    }
}
