//! The service's answers to searches and the like, kept as ordered lists so that the screen reads them here.

use jiff::{SignedDuration, Timestamp};
use melody_model::SongId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Error, GenerationId, Library, Result, SongPage, generations, rows, worker::Write};

/// Answers kept; beyond, the one unused for longest goes.
const KEPT: i64 = 200;

/// How much older than its last use an answer may look: noting each look would write on each read.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// A page of what the service answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub page: SongPage,
    /// When the service last gave any page of it.
    pub stored_at: Timestamp,
}

impl Library {
    /// Keeps a page of an answer under a key of the caller's making; `offset` is where in the whole answer
    /// the page begins. A page at 0, or of another generation, replaces the whole answer. `total` is what
    /// the service said of all pages.
    pub async fn store_answer(
        &self,
        key: &str,
        generation: GenerationId,
        songs: &[SongId],
        total: Option<u64>,
        offset: u64,
    ) -> Result<()> {
        let (key, songs) = (key.to_owned(), songs.to_vec());
        self.workers
            .write(move |w| {
                let now = w.now;
                let songs = songs
                    .into_iter()
                    .map(|id| rows::song_number(&w.tx, id)?.ok_or(Error::UnknownSong(id)))
                    .collect::<Result<Vec<_>>>()?;
                store(w, &key, generation, &songs, total, offset, now)
            })
            .await
    }

    /// The part of a kept answer that begins at `offset`; `None` if that part was never answered.
    pub async fn answer(&self, key: &str, limit: u32, offset: u64) -> Result<Option<Answer>> {
        let asked = key.to_owned();
        let found = self.workers.read(move |c| find(c, &asked, limit, offset)).await?;
        let Some((answer, used_at)) = found else { return Ok(None) };
        let now = Timestamp::now();
        if !self.read_only && now.duration_since(used_at) > USE_NOTED_EVERY {
            let key = key.to_owned();
            let noted = self.workers.write(move |w| {
                w.tx.execute(
                    "UPDATE answer SET used_at = ?2 WHERE key = ?1",
                    params![key, now.as_microsecond()],
                )?;
                Ok(())
            });
            // On a full disk the answer is no worse for it.
            noted.await.or_else(|e| if e.is_refusal() { Ok(()) } else { Err(e) })?;
        }
        Ok(Some(answer))
    }
}

/// Stores a page of song rows and evicts what has not been used for longest.
pub(crate) fn store(
    w: &mut Write<'_>,
    key: &str,
    generation: GenerationId,
    songs: &[i64],
    total: Option<u64>,
    offset: u64,
    stored_at: Timestamp,
) -> Result<()> {
    let keeps =
        w.tx.prepare_cached("SELECT n FROM answer WHERE key = ?1 AND generation = ?2")?
            .query_row(params![key, generation.0], |row| row.get::<_, i64>(0))
            .optional()?
            .filter(|_| offset > 0);
    let n = if let Some(n) = keeps {
        w.tx.execute(
            "UPDATE answer SET stored_at = ?2, used_at = ?2, total = coalesce(?3, total) WHERE n = ?1",
            params![n, stored_at.as_microsecond(), total],
        )?;
        n
    } else {
        w.tx.execute("DELETE FROM answer WHERE key = ?1", [key])?;
        w.tx.execute(
            "INSERT INTO answer (key, generation, total, stored_at, used_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![key, generation.0, total, stored_at.as_microsecond()],
        )?;
        w.tx.last_insert_rowid()
    };
    let mut place = w
        .tx
        .prepare_cached("INSERT OR REPLACE INTO answer_song (answer, position, song) VALUES (?1, ?2, ?3)")?;
    for (position, song) in (offset..).zip(songs) {
        place.execute(params![n, position, song])?;
    }
    w.tx.execute(
        "DELETE FROM answer WHERE n IN (SELECT n FROM answer ORDER BY used_at DESC, n DESC LIMIT -1 OFFSET ?1)",
        [KEPT],
    )?;
    Ok(())
}

fn find(c: &Connection, key: &str, limit: u32, offset: u64) -> Result<Option<(Answer, Timestamp)>> {
    let found = c
        .prepare_cached("SELECT n, total, stored_at, used_at FROM answer WHERE key = ?1")?
        .query_row([key], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<u64>>(1)?,
                rows::time(row, 2)?,
                rows::time(row, 3)?,
            ))
        })
        .optional()?;
    let Some((n, total, stored_at, used_at)) = found else { return Ok(None) };
    // Up to the first gap: a page that was never asked for is not an empty one.
    let placed = c
        .prepare_cached(
            "SELECT position, song FROM answer_song WHERE answer = ?1 AND position >= ?2
             ORDER BY position LIMIT ?3",
        )?
        .query_map(params![n, offset, limit], |row| Ok((row.get::<_, u64>(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(u64, i64)>>>()?;
    let numbers: Vec<i64> =
        (offset..).zip(placed).take_while(|(want, (at, _))| want == at).map(|(_, (_, song))| song).collect();
    let known = c
        .prepare_cached("SELECT coalesce(max(position) + 1, 0) FROM answer_song WHERE answer = ?1")?
        .query_row([n], |row| row.get::<_, u64>(0))?;
    if numbers.is_empty() && offset < total.unwrap_or(known).max(known) {
        return Ok(None);
    }
    let generation = generations::current(c)?;
    let mut songs = Vec::with_capacity(numbers.len());
    for n in numbers {
        songs.extend(rows::song_view(c, generation, n)?);
    }
    let page = SongPage { songs, total: total.unwrap_or(known), total_exact: total.is_some() };
    Ok(Some((Answer { page, stored_at }, used_at)))
}
