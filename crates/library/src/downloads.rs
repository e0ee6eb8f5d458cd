//! Downloads and the stream cache: which renditions are on the disk, and how far the others are.

use std::str::FromStr;

use jiff::Timestamp;
use melody_model::{Rendition, SongId};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::{Deserialize, Serialize};

use crate::{Error, Library, Result, rows, worker::Write};

/// Where a download is on its way. Whether somebody is at it right now is not kept: a process may die.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    /// Asked for, and not there yet.
    #[default]
    Queued,
    /// Asked for, and put off by the listener.
    Paused,
    /// Complete and verified.
    Done,
    /// Given up until it is asked for again.
    Failed,
}

/// One rendition of a song, on the disk or on its way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    pub song_id: SongId,
    pub rendition: Rendition,
    pub state: DownloadState,
    /// Relative to the account's folder.
    pub path: Option<String>,
    /// Bytes on the disk, certainly: what was written since may be lost in a power cut.
    pub bytes: u64,
    /// Bytes in all, when known.
    pub total: Option<u64>,
    /// Why it failed or waits, as a code.
    pub error: Option<String>,
    /// Whether the listener asked for it; otherwise it is cache, ours to evict.
    pub pinned: bool,
    /// Names the file that a part is of, in the service's words: what is added to it must be of the same.
    pub validator: Option<String>,
    /// When the cache was last played from, to the microsecond.
    pub used_at: Option<Timestamp>,
}

impl DownloadState {
    const ALL: [Self; 4] = [Self::Queued, Self::Paused, Self::Done, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for DownloadState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not one of queued, paused, done, failed."))
    }
}

impl Library {
    /// Keeps what is known of a download, in place of what was.
    pub async fn set_download(&self, download: Download) -> Result<()> {
        self.workers.write(move |w| set(w, &download)).await
    }

    /// Asks for renditions, in one step. What is done or queued stays so, and what was cache becomes a download; the others
    /// are queued, with the part that they have.
    pub async fn queue_downloads(&self, asked: Vec<(SongId, Rendition)>) -> Result<()> {
        self.workers
            .write(move |w| {
                for (id, rendition) in asked {
                    let song = rows::song_number(&w.tx, id)?.ok_or(Error::UnknownSong(id))?;
                    let changed =
                        w.tx.prepare_cached(
                            "INSERT INTO download (song, rendition, state, bytes, pinned)
                             VALUES (?1, ?2, 'queued', 0, 1)
                             ON CONFLICT (song, rendition) DO UPDATE
                             SET state = iif(state = 'done', 'done', 'queued'), error = NULL, pinned = 1,
                                 used_at = NULL
                             WHERE state IN ('paused', 'failed') OR NOT pinned",
                        )?
                        .execute(params![song, rendition.as_str()])?;
                    if changed > 0 {
                        w.changes.downloads.push(id);
                        w.changes.songs.push(id);
                    }
                }
                Ok(())
            })
            .await
    }

    /// Puts the waiting downloads of these songs off, or, where no songs are named, all of them.
    pub async fn pause_downloads(&self, songs: Option<Vec<SongId>>) -> Result<()> {
        self.turn(DownloadState::Queued, DownloadState::Paused, songs).await
    }

    /// Takes up again what [`Library::pause_downloads`] put off.
    pub async fn resume_downloads(&self, songs: Option<Vec<SongId>>) -> Result<()> {
        self.turn(DownloadState::Paused, DownloadState::Queued, songs).await
    }

    async fn turn(&self, from: DownloadState, to: DownloadState, songs: Option<Vec<SongId>>) -> Result<()> {
        self.workers
            .write(move |w| {
                for mut download in all(&w.tx, Some(from))? {
                    let meant = songs.as_ref().is_none_or(|songs| songs.contains(&download.song_id));
                    if download.pinned && meant {
                        download.state = to;
                        set(w, &download)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Keeps how far a part is, and answers where its download stands; `None` when nobody wants it any more. Nothing is told
    /// of it: whoever shows progress hears it from the one who makes it.
    pub async fn keep_part(
        &self,
        song: SongId,
        rendition: Rendition,
        bytes: u64,
        total: Option<u64>,
        validator: Option<String>,
    ) -> Result<Option<DownloadState>> {
        self.workers
            .write(move |w| {
                let Some(number) = rows::song_number(&w.tx, song)? else { return Ok(None) };
                w.tx.prepare_cached(
                    "UPDATE download SET bytes = ?3, total = ?4, validator = ?5
                     WHERE song = ?1 AND rendition = ?2 AND state <> 'done'",
                )?
                .execute(params![number, rendition.as_str(), bytes, total, validator])?;
                Ok(one(&w.tx, song, rendition)?.map(|download| download.state))
            })
            .await
    }

    /// Keeps how a download ended, if it is still wanted: not if it was paused or removed meanwhile. Whether it was.
    pub async fn settle_download(&self, download: Download) -> Result<bool> {
        self.workers
            .write(move |w| {
                let now = one(&w.tx, download.song_id, download.rendition)?;
                let wanted = now.is_some_and(|now| now.state == DownloadState::Queued);
                if wanted {
                    set(w, &download)?;
                }
                Ok(wanted)
            })
            .await
    }

    /// Forgets a download. The file is the caller's to remove.
    pub async fn forget_download(&self, song: SongId, rendition: Rendition) -> Result<()> {
        self.workers
            .write(move |w| {
                let Some(number) = rows::song_number(&w.tx, song)? else { return Ok(()) };
                w.tx.prepare_cached("DELETE FROM download WHERE song = ?1 AND rendition = ?2")?
                    .execute(params![number, rendition.as_str()])?;
                w.changes.downloads.push(song);
                w.changes.songs.push(song);
                Ok(())
            })
            .await
    }

    /// Keeps what came into the cache, unless the listener has asked for the same. Whether it was.
    pub async fn keep_cached(&self, cached: Download) -> Result<bool> {
        self.workers
            .write(move |w| {
                let asked = one(&w.tx, cached.song_id, cached.rendition)?.is_some_and(|kept| kept.pinned);
                if !asked {
                    set(w, &cached)?;
                }
                Ok(!asked)
            })
            .await
    }

    /// Notes that the cache was played from. Of a pinned download there is nothing to note.
    pub async fn use_cached(&self, song: SongId, rendition: Rendition) -> Result<()> {
        self.workers
            .write(move |w| {
                let Some(number) = rows::song_number(&w.tx, song)? else { return Ok(()) };
                w.tx.prepare_cached(
                    "UPDATE download SET used_at = ?3 WHERE song = ?1 AND rendition = ?2 AND NOT pinned",
                )?
                .execute(params![number, rendition.as_str(), w.now.as_microsecond()])?;
                Ok(())
            })
            .await
    }

    /// The downloads in a state, or all of them, the cache's too; oldest song first.
    pub async fn downloads(&self, state: Option<DownloadState>) -> Result<Vec<Download>> {
        self.workers.read(move |c| all(c, state)).await
    }

    /// What is known of one download.
    pub async fn download_of(&self, song: SongId, rendition: Rendition) -> Result<Option<Download>> {
        self.workers.read(move |c| one(c, song, rendition)).await
    }
}

const DOWNLOADS: &str =
    "SELECT s.id, d.rendition, d.state, d.path, d.bytes, d.total, d.error, d.pinned, d.validator,
            d.used_at
     FROM download d JOIN song s ON s.n = d.song";

fn set(w: &mut Write<'_>, download: &Download) -> Result<()> {
    let song = rows::song_number(&w.tx, download.song_id)?.ok_or(Error::UnknownSong(download.song_id))?;
    w.tx.prepare_cached(
        "INSERT OR REPLACE INTO download
                (song, rendition, state, path, bytes, total, error, pinned, validator, used_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
        download.validator,
        download.used_at.map(Timestamp::as_microsecond),
    ])?;
    w.changes.downloads.push(download.song_id);
    w.changes.songs.push(download.song_id);
    Ok(())
}

fn all(c: &Connection, state: Option<DownloadState>) -> Result<Vec<Download>> {
    let mut query = c.prepare_cached(&format!(
        "{DOWNLOADS} WHERE ?1 IS NULL OR d.state = ?1 ORDER BY d.song, d.rendition DESC"
    ))?;
    let found = query.query_map([state.map(DownloadState::as_str)], download)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn one(c: &Connection, song: SongId, rendition: Rendition) -> Result<Option<Download>> {
    let Some(number) = rows::song_number(c, song)? else { return Ok(None) };
    let mut query = c.prepare_cached(&format!("{DOWNLOADS} WHERE d.song = ?1 AND d.rendition = ?2"))?;
    Ok(query.query_row(params![number, rendition.as_str()], download).optional()?)
}

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
        validator: row.get(8)?,
        used_at: rows::time_or_none(row, 9)?,
    })
}

fn word<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|error: String| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}
