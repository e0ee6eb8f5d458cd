//! Our own format: everything that we know of each song.

use serde::{Deserialize, Serialize};

use super::file::{Listed, ListedSong};
use crate::Error;

/// The version of the format; another one is refused rather than half read.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    melody_playlist: u32,
    name: String,
    songs: Vec<ListedSong>,
}

pub(super) fn write(list: &Listed) -> Result<String, Error> {
    let document = Document { melody_playlist: VERSION, name: list.name.clone(), songs: list.songs.clone() };
    let mut text = serde_json::to_string_pretty(&document).map_err(Error::internal)?;
    text.push('\n');
    Ok(text)
}

pub(super) fn read(text: &str) -> Result<Listed, Error> {
    let document: Document = serde_json::from_str(text)
        .map_err(|e| Error::Invalid(format!("This file is no playlist of Melody Studio: {e}.")))?;
    if document.melody_playlist != VERSION {
        return Err(Error::Invalid(
            "This playlist was written by a newer Melody Studio. Update this one.".into(),
        ));
    }
    Ok(Listed { name: document.name, songs: document.songs })
}
