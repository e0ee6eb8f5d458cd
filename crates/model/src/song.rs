//! Songs and their renditions, as the service tells them and as this installation keeps them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{JsonMap, ServerId, SongId};

/// One of the two takes of a song on one timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Rendition {
    #[default]
    Original,
    Instrumental,
}

impl Rendition {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Instrumental => "instrumental",
        }
    }
}

impl fmt::Display for Rendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rendition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "original" => Ok(Self::Original),
            "instrumental" => Ok(Self::Instrumental),
            _ => Err(format!("“{text}” is not one of original, instrumental.")),
        }
    }
}

/// Where a rendition is, and what the service says of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct AudioFile {
    /// Absolute, or relative to the service.
    pub url: String,
    /// A container or codec in the service's words: `flac`, `audio/mpeg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub format: Option<String>,
    /// Kilobits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bitrate: Option<u32>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub size: Option<u64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub duration: Option<f64>,
}

/// The renditions that a song has.
pub type AudioFiles = BTreeMap<Rendition, AudioFile>;

/// What a song is, whoever keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct SongContent {
    pub title: String,
    pub artist: String,
    pub album: Option<String>,
    /// ISO 639-1, lower case: `hi`, `ta`.
    pub language: Option<String>,
    /// Whole seconds.
    pub duration_s: Option<u32>,
    pub genre: Vec<String>,
    pub release_year: Option<i32>,
    /// 0 to 100.
    pub popularity: u32,
    pub explicit: bool,
    /// Absolute, or relative to the service.
    pub thumbnail_url: Option<String>,
    /// Catalogue name (`spotify`, `youtube`, `lastfm`) to the song's id there.
    pub external_ids: BTreeMap<String, String>,
    pub audio_files: AudioFiles,
}

/// What only the full answer about one song tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct SongDetails {
    pub lyrics: Option<String>,
    /// Keys as stored (bpm, key, energy, danceability, and whatever else came).
    #[ts(type = "Record<string, unknown> | null")]
    pub metadata: Option<JsonMap>,
}

/// A song in an answer of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteSong {
    pub server_id: ServerId,
    pub content: SongContent,
    pub details: SongDetails,
    /// Fields that this client has no name for, kept as they came.
    pub extra: JsonMap,
}

/// A song of the catalogue, as this installation keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Song {
    pub id: SongId,
    /// The current generation's; `None` while that generation does not know the song.
    pub server_id: Option<ServerId>,
    #[serde(flatten)]
    pub content: SongContent,
}

/// A song as a face shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SongView {
    #[serde(flatten)]
    pub song: Song,
    pub in_library: bool,
    /// Whether a pinned download of the original is complete on the disk.
    pub downloaded: bool,
}
