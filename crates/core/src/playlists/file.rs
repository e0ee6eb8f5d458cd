//! A playlist as a file: what every format tells of a song, and which format a text is in.

use std::{collections::BTreeMap, path::PathBuf};

use melody_library::WantedSong;
use melody_model::{Rendition, SongView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{json, m3u8, xspf};
use crate::{Error, context::Account};

/// A format in which playlists go out. What comes in tells its format itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PlaylistFormat {
    M3u8,
    Xspf,
    Json,
}

impl PlaylistFormat {
    /// The format that a file's name ends in; `None` for any other.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "m3u8" | "m3u" => Some(Self::M3u8),
            "xspf" => Some(Self::Xspf),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A playlist outside the library.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Listed {
    /// Empty when the file has none.
    pub(crate) name: String,
    pub(crate) songs: Vec<ListedSong>,
}

/// A song of such a playlist. Another program's file may have any of these, or none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ListedSong {
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_id: Option<String>,
    pub(crate) title: String,
    pub(crate) artist: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) album: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_s: Option<u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) external_ids: BTreeMap<String, String>,
    /// Where its sound is on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
}

impl ListedSong {
    /// A song as it goes out, with its file if it is on this machine.
    pub(crate) async fn of(account: &Account, view: SongView) -> Result<Self, Error> {
        let kept = account.library.download_of(view.song.id, Rendition::Original).await?;
        let done = kept.filter(|kept| kept.state == melody_library::DownloadState::Done);
        let file = done.and_then(|kept| kept.path).map(|path| account.folder.join(path));
        let content = view.song.content;
        Ok(Self {
            id: Some(view.song.id.to_string()),
            server_id: view.song.server_id.map(|id| id.0),
            title: content.title,
            artist: content.artist,
            album: content.album,
            duration_s: content.duration_s,
            external_ids: content.external_ids,
            file,
        })
    }

    pub(crate) fn wanted(&self) -> WantedSong {
        WantedSong {
            ids: self.id.iter().chain(&self.server_id).cloned().collect(),
            external_ids: self.external_ids.clone(),
            title: self.title.clone(),
            artist: self.artist.clone(),
            album: self.album.clone(),
            duration_s: self.duration_s,
        }
    }
}

pub(crate) fn write(list: &Listed, format: PlaylistFormat) -> Result<String, Error> {
    match format {
        PlaylistFormat::M3u8 => m3u8::write(list),
        PlaylistFormat::Xspf => xspf::write(list),
        PlaylistFormat::Json => json::write(list),
    }
}

/// Reads a playlist in whichever format it is. `Error::Invalid` says what is wrong with one that is none.
pub(crate) fn read(text: &str) -> Result<Listed, Error> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let list = match text.chars().next() {
        Some('<') => xspf::read(text)?,
        Some('{') => json::read(text)?,
        _ => m3u8::read(text),
    };
    if list.songs.is_empty() && list.name.is_empty() {
        return Err(Error::Invalid("This file is no playlist: M3U8, XSPF and our JSON can be read.".into()));
    }
    Ok(list)
}

/// A text on one line: a name with a line break in it would become two entries.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // All of it is test.

    use proptest::prelude::*;

    use super::*;

    fn song() -> impl Strategy<Value = ListedSong> {
        let word = "[\\p{L}\\p{M}0-9&<>\"'#:,;%?/\\\\.-]{1,8}( [\\p{L}\\p{M}&<>-]{1,8}){0,3}";
        let id = prop::option::of("[0-9a-f]{8}-[0-9a-f]{4}");
        (
            id.clone(),
            id,
            word,
            "(|[\\p{L}&<>-]{1,9})",
            prop::option::of(word),
            prop::option::of(0..10_000_u32),
        )
            .prop_map(|(id, server_id, title, artist, album, duration_s)| ListedSong {
                external_ids: id.iter().map(|id| ("spotify".to_owned(), format!("{id}/&?"))).collect(),
                file: server_id.as_ref().map(|id| PathBuf::from(format!("/music/दिल {id} %&.flac"))),
                id,
                server_id,
                title,
                artist,
                album,
                duration_s,
            })
    }

    proptest! {
        #[test]
        fn every_format_brings_back_what_went_out(
            name in "[\\p{L}<>&\"'#0-9]{1,12}",
            songs in prop::collection::vec(song(), 0..6),
        ) {
            let list = Listed { name, songs };
            for format in [PlaylistFormat::M3u8, PlaylistFormat::Xspf, PlaylistFormat::Json] {
                let text = write(&list, format).unwrap();
                prop_assert_eq!(&read(&text).unwrap(), &list, "{}", text);
            }
        }

        #[test]
        fn no_text_is_too_much(text in "\\PC{0,200}") {
            let _ = read(&text);
            let _ = read(&format!("<playlist>{text}"));
            let _ = read(&format!("{{{text}"));
        }
    }

    #[test]
    fn a_name_on_two_lines_stays_one_entry() {
        let song = ListedSong { title: "One\nTwo\r#EXTINF:3,X".into(), ..ListedSong::default() };
        let list = Listed { name: "A\nB".into(), songs: vec![song] };
        let read = read(&write(&list, PlaylistFormat::M3u8).unwrap()).unwrap();
        assert_eq!((read.name.as_str(), read.songs.len()), ("A B", 1));
    }

    #[test]
    fn what_is_no_playlist_is_told() {
        for text in ["", "   \n", "<html><body>Hello</body></html>", "<playlist", "{\"songs\":3}", "{}"] {
            assert!(matches!(read(text), Err(Error::Invalid(_))), "{text}: {:?}", read(text));
        }
    }
}
