//! The listening history: each listen once, however often it is told of.
//!
//! While a listen goes on its state is kept as a checkpoint, so that a kill costs some seconds of it. Ending it writes
//! the history, and with it, in one transaction, the play that it counts as.

use std::time::Duration;

use jiff::Timestamp;
use melody_model::{ListenId, ListenView, Rendition, SongId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{Error, Library, Result, entries, generations, rows, settings, worker::Write};

/// Before the id of a listen: the setting that holds its checkpoint.
const CHECKPOINT: &str = "listening.";

/// One listen to a song, so far or in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listen {
    pub id: ListenId,
    pub song: SongId,
    pub rendition: Rendition,
    pub began_at: Timestamp,
    /// How long was listened, without pauses and what was skipped.
    pub heard: Duration,
    /// Whether the song's end was heard.
    pub completed: bool,
    /// Whether it is a play by now: that is for the caller to say.
    pub counts: bool,
    /// When this was so.
    pub told_at: Timestamp,
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenPage {
    /// The latest first.
    pub listens: Vec<ListenView>,
    /// How many there are over all pages.
    pub total: u64,
}

impl Library {
    /// Keeps how a listen stands that goes on.
    pub async fn checkpoint_listen(&self, listen: Listen) -> Result<()> {
        self.workers
            .write(move |w| settings::set(&w.tx, &checkpoint(listen.id), &serde_json::to_string(&listen)?))
            .await
    }

    /// Writes a listen into the history, and if it counts and the song is saved, its play: once, also when it is told
    /// of again.
    pub async fn end_listen(&self, listen: Listen) -> Result<()> {
        self.workers.write(move |w| end(w, &listen)).await
    }

    /// Ends the listens that a killed process left: those whose checkpoint has not been renewed since a moment.
    /// Answers how many.
    pub async fn end_left_listens(&self, before: Timestamp) -> Result<usize> {
        let left = self.workers.read(move |c| left(c, before)).await?;
        let count = left.len();
        if count > 0 {
            self.workers.write(move |w| left.iter().try_for_each(|listen| end(w, listen))).await?;
        }
        Ok(count)
    }

    /// A page of the history, the latest listen first.
    pub async fn history(&self, limit: u32, offset: u64) -> Result<ListenPage> {
        self.workers.read(move |c| page(c, limit, offset)).await
    }
}

fn checkpoint(id: ListenId) -> String {
    format!("{CHECKPOINT}{id}")
}

fn left(c: &Connection, before: Timestamp) -> Result<Vec<Listen>> {
    // `/` follows `.`: all keys that begin so, by the index.
    let mut query =
        c.prepare_cached("SELECT value FROM setting WHERE key > 'listening.' AND key < 'listening/'")?;
    let kept = query.query_map([], |row| rows::json::<Listen>(row, 0))?;
    let mut left = Vec::new();
    for listen in kept {
        left.extend(Some(listen?).filter(|listen| listen.told_at < before));
    }
    Ok(left)
}

fn end(w: &mut Write<'_>, listen: &Listen) -> Result<()> {
    w.tx.execute("DELETE FROM setting WHERE key = ?1", [checkpoint(listen.id)])?;
    let song = rows::song_number(&w.tx, listen.song)?.ok_or(Error::UnknownSong(listen.song))?;
    let known = w
        .tx
        .query_row("SELECT counted FROM listen WHERE id = ?1", [listen.id.0], |row| row.get::<_, bool>(0))
        .optional()?;
    let heard_ms = i64::try_from(listen.heard.as_millis()).unwrap_or(i64::MAX);
    w.tx.execute(
        "INSERT INTO listen (id, song, rendition, began_at, heard_ms, completed, counted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET heard_ms = max(heard_ms, excluded.heard_ms),
             completed = max(completed, excluded.completed), counted = max(counted, excluded.counted)",
        params![
            listen.id.0,
            song,
            listen.rendition.as_str(),
            listen.began_at.as_microsecond(),
            heard_ms,
            listen.completed,
            listen.counts
        ],
    )?;
    w.changes.history = true;
    if listen.counts && known != Some(true) {
        let seconds = u32::try_from(listen.heard.as_secs()).unwrap_or(u32::MAX);
        entries::count_play(w, listen.song, seconds, listen.completed, listen.told_at)?;
    }
    Ok(())
}

fn page(c: &Connection, limit: u32, offset: u64) -> Result<ListenPage> {
    let total: i64 = c.query_row("SELECT count(*) FROM listen", [], |row| row.get(0))?;
    let mut query = c.prepare_cached(
        "SELECT id, song, rendition, began_at, heard_ms, completed, counted FROM listen
         ORDER BY began_at DESC, n DESC LIMIT ?1 OFFSET ?2",
    )?;
    let generation = generations::current(c)?;
    let mut found = query.query(params![limit, offset.min(u64::from(u32::MAX))])?;
    let mut listens = Vec::new();
    while let Some(row) = found.next()? {
        let song = rows::song_view(c, generation, row.get(1)?)?;
        let rendition: String = row.get(2)?;
        listens.push(ListenView {
            id: ListenId(row.get(0)?),
            song: song.ok_or_else(|| Error::unreadable("a listen's song is missing"))?,
            rendition: rendition.parse().map_err(|_| Error::unreadable("a listen's rendition"))?,
            began_at: rows::time(row, 3)?,
            seconds: row.get::<_, i64>(4)? as f64 / 1000.0,
            completed: row.get(5)?,
            counted: row.get(6)?,
        });
    }
    Ok(ListenPage { listens, total: total.unsigned_abs() })
}
