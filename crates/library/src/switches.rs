//! The switches from one backend to another: which there were, and what became of the library.

use jiff::Timestamp;
use melody_model::{GenerationId, SongId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{Library, Result, rows};

/// One switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// When the library was first read through after it.
    pub at: Timestamp,
    /// The dialects: `blue`, `green`. The same twice is a backend that was built anew.
    pub from: String,
    pub to: String,
    /// Saved songs when it happened.
    pub songs_before: u64,
    /// How many of them the new backend had.
    pub matched: u64,
    /// How many were queued to be saved there again.
    pub refilled: u64,
    /// How many changes that only the other backend had heard were queued again.
    pub replayed: u64,
    /// What the new backend does not know. It is kept here.
    pub unmatched: Vec<UnmatchedSong>,
    /// When the new backend had heard all of that; `None` while it has not.
    pub finished_at: Option<Timestamp>,
}

/// A saved song that a backend does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedSong {
    pub song_id: SongId,
    pub title: String,
    pub artist: String,
}

impl Library {
    /// Every switch, the latest first.
    pub async fn switches(&self) -> Result<Vec<Switch>> {
        self.workers
            .read(|c| {
                let mut query = c.prepare_cached(
                    "SELECT s.at, f.dialect, t.dialect, s.songs_before, s.matched, s.refilled, s.replayed,
                            s.unmatched, s.finished_at
                     FROM switch s JOIN generation f ON f.id = s.from_generation
                     JOIN generation t ON t.id = s.to_generation ORDER BY s.n DESC",
                )?;
                let found = query.query_map([], |row| {
                    Ok(Switch {
                        at: rows::time(row, 0)?,
                        from: row.get(1)?,
                        to: row.get(2)?,
                        songs_before: row.get(3)?,
                        matched: row.get(4)?,
                        refilled: row.get(5)?,
                        replayed: row.get(6)?,
                        unmatched: rows::json(row, 7)?,
                        finished_at: rows::time_or_none(row, 8)?,
                    })
                })?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Notes of each switch that it is over, once everything that it queued has been heard or set aside.
    pub async fn finish_switches(&self) -> Result<()> {
        self.workers
            .write(|w| {
                w.tx.execute(
                    "UPDATE switch SET finished_at = ?1 WHERE finished_at IS NULL
                       AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.switch = switch.n
                                       AND o.done_at IS NULL AND o.state <> 'parked')",
                    [w.now.as_microsecond()],
                )?;
                Ok(())
            })
            .await
    }
}

/// Begins a switch; answers its number. What only the new backend knows came with its first pass, and was not saved
/// when it happened.
pub(crate) fn begin(c: &Connection, at: Timestamp, from: GenerationId, to: GenerationId) -> Result<i64> {
    c.execute(
        "INSERT INTO switch (at, from_generation, to_generation, songs_before, matched)
         SELECT ?1, ?2, ?3, count(*), count(here.entry)
         FROM entry e LEFT JOIN entry_server_id here ON here.entry = e.n AND here.generation = ?3
         WHERE e.removed_at IS NULL
           AND (here.entry IS NULL
                OR EXISTS (SELECT 1 FROM entry_server_id x WHERE x.entry = e.n AND x.generation <> ?3))",
        params![at.as_microsecond(), from.0, to.0],
    )?;
    Ok(c.last_insert_rowid())
}

/// The switch to a generation that is not over.
pub(crate) fn open(c: &Connection, to: GenerationId) -> Result<Option<i64>> {
    let found = c
        .prepare_cached(
            "SELECT n FROM switch WHERE to_generation = ?1 AND finished_at IS NULL ORDER BY n DESC LIMIT 1",
        )?
        .query_row([to.0], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Adds to what a switch set going.
pub(crate) fn note(
    c: &Connection,
    n: i64,
    refilled: u64,
    replayed: u64,
    unmatched: &[UnmatchedSong],
) -> Result<()> {
    c.execute(
        "UPDATE switch SET refilled = refilled + ?2, replayed = replayed + ?3, unmatched = ?4 WHERE n = ?1",
        params![n, refilled, replayed, serde_json::to_string(unmatched)?],
    )?;
    Ok(())
}
