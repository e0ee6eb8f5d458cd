//! Downloads: which renditions are on the disk, and how far the others are.

use std::str::FromStr;

use melody_model::{Rendition, SongId};
use rusqlite::{OptionalExtension, Row, params, types::Type};
use serde::{Deserialize, Serialize};

use crate::{Error, Library, Result, rows};

/// Where a download is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    #[default]
    Queued,
    Running,
    /// Complete and verified.
    Done,
    Failed,
}

/// One rendition of a song, on the disk or on its way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    pub song_id: SongId,
    pub rendition: Rendition,
    pub state: DownloadState,
    /// Relative to the profile.
    pub path: Option<String>,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes in all, when known.
    pub total: Option<u64>,
    /// Why it failed, as a code.
    pub error: Option<String>,
    /// Whether the listener asked for it; otherwise it is cache, ours to evict.
    pub pinned: bool,
}

impl DownloadState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for DownloadState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not one of queued, running, done, failed."))
    }
}

impl Library {
    /// Keeps what is known of a download, in place of what was.
    pub async fn set_download(&self, download: Download) -> Result<()> {
        self.workers
            .write(move |w| {
                let song = rows::song_number(&w.tx, download.song_id)?
                    .ok_or(Error::UnknownSong(download.song_id))?;
                w.tx.prepare_cached(
                    "INSERT OR REPLACE INTO download
                            (song, rendition, state, path, bytes, total, error, pinned)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    song,
                    download.rendition.as_str(),
                    download.state.as_str(),
                    download.path,
                    download.bytes,
                    download.total,
                    download.error,
                    download.pinned,
                ])?;
                w.changes.downloads.push(download.song_id);
                w.changes.songs.push(download.song_id);
                Ok(())
            })
            .await
    }

    /// The downloads in a state, or all of them, oldest song first.
    pub async fn downloads(&self, state: Option<DownloadState>) -> Result<Vec<Download>> {
        self.workers
            .read(move |c| {
                let mut query = c.prepare_cached(&format!(
                    "{DOWNLOADS} WHERE ?1 IS NULL OR d.state = ?1 ORDER BY d.song, d.rendition DESC"
                ))?;
                let found = query.query_map([state.map(DownloadState::as_str)], download)?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// What is known of one download.
    pub async fn download_of(&self, song: SongId, rendition: Rendition) -> Result<Option<Download>> {
        self.workers
            .read(move |c| {
                let mut query =
                    c.prepare_cached(&format!("{DOWNLOADS} WHERE s.id = ?1 AND d.rendition = ?2"))?;
                Ok(query.query_row(params![song.0, rendition.as_str()], download).optional()?)
            })
            .await
    }
}

const DOWNLOADS: &str = "SELECT s.id, d.rendition, d.state, d.path, d.bytes, d.total, d.error, d.pinned
     FROM download d JOIN song s ON s.n = d.song";

fn download(row: &Row<'_>) -> rusqlite::Result<Download> {
    Ok(Download {
        song_id: SongId(row.get(0)?),
        rendition: word(row, 1)?,
        state: word(row, 2)?,
        path: row.get(3)?,
        bytes: row.get(4)?,
        total: row.get(5)?,
        error: row.get(6)?,
        pinned: row.get(7)?,
    })
}

fn word<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|error: String| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}
