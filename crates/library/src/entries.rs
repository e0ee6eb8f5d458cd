//! Saved songs: each change is written with the operation that tells the service, or not at all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use melody_model::{EntryId, EntryView, ServerId, SongId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Action, Error, GenerationId, Library, Result, generations, outbox, rows, search, text, worker::Write,
};

/// An entry beside what a generation has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryIn {
    pub song: SongId,
    /// The generation's id of the song, if it knows it.
    pub song_server_id: Option<ServerId>,
    pub title: String,
    pub play_count: u64,
    /// Removed here; the service has yet to hear of it.
    pub removed: bool,
    /// Whether a change of it is still to be sent (parked ones included).
    pub pending: bool,
}

impl Library {
    /// Every entry, the removed ones that the service has yet to hear of included, beside what a generation has of it.
    pub async fn entries_in(&self, generation: GenerationId) -> Result<Vec<EntryIn>> {
        self.workers
            .read(move |c| {
                let mut query = c.prepare_cached(
                    "SELECT s.id, x.server_id, s.title, e.play_count, e.removed_at IS NOT NULL,
                            EXISTS (SELECT 1 FROM operation o WHERE o.song = e.song AND o.done_at IS NULL)
                     FROM entry e JOIN song s ON s.n = e.song
                     LEFT JOIN song_server_id x ON x.song = e.song AND x.generation = ?1",
                )?;
                let found = query.query_map([generation.0], |row| {
                    Ok(EntryIn {
                        song: SongId(row.get(0)?),
                        song_server_id: row.get::<_, Option<String>>(1)?.map(ServerId),
                        title: row.get(2)?,
                        play_count: row.get::<_, i64>(3)?.unsigned_abs(),
                        removed: row.get(4)?,
                        pending: row.get(5)?,
                    })
                })?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// The entry of a song, if it is saved.
    pub async fn entry_of(&self, song: SongId) -> Result<Option<EntryView>> {
        self.workers
            .read(move |c| match find(c, song)? {
                Some(Found { n, removed: false, .. }) => rows::entry_view(c, generations::current(c)?, n),
                _ => Ok(None),
            })
            .await
    }

    /// What a generation calls the entry of a song, if it is saved and that generation knows it.
    pub async fn entry_server_id(&self, song: SongId, generation: GenerationId) -> Result<Option<ServerId>> {
        self.workers
            .read(move |c| {
                let found = c
                    .prepare_cached(
                        "SELECT x.server_id FROM entry_server_id x JOIN entry e ON e.n = x.entry
                         JOIN song s ON s.n = e.song
                         WHERE s.id = ?1 AND x.generation = ?2 AND e.removed_at IS NULL",
                    )?
                    .query_row(params![song.0, generation.0], |row| row.get(0))
                    .optional()?;
                Ok(found.map(ServerId))
            })
            .await
    }

    /// Whether a change of this song is still to be sent (parked ones included), saved or not.
    pub async fn is_pending(&self, song: SongId) -> Result<bool> {
        self.workers
            .read(move |c| {
                Ok(rows::song_number(c, song)?.map(|n| outbox::has_live(c, n)).transpose()? == Some(true))
            })
            .await
    }

    /// Saves a song. One that is saved already is answered as it is, and nothing is queued.
    pub async fn add(&self, song: SongId) -> Result<EntryView> {
        self.need_kept(&[song]).await?;
        self.workers
            .write(move |w| {
                let n = match find(&w.tx, song)? {
                    Some(found) if !found.removed => found.n,
                    Some(found) => {
                        // Saved again before the service heard of the removal: the entry that it was.
                        w.tx.execute("UPDATE entry SET removed_at = NULL WHERE n = ?1", [found.n])?;
                        outbox::queue(w, found.song, found.id, &Action::Add)?;
                        touch(w, song, found.id);
                        found.n
                    }
                    None => {
                        let row = rows::song_number(&w.tx, song)?.ok_or(Error::UnknownSong(song))?;
                        let (id, now) = (EntryId::new(), w.now.as_microsecond());
                        let n = insert(&w.tx, id, row, now)?;
                        outbox::queue(w, row, id, &Action::Add)?;
                        touch(w, song, id);
                        n
                    }
                };
                view(&w.tx, n)
            })
            .await
    }

    /// Removes a song from the saved ones and answers the entry as it was; `None` if it was not saved.
    pub async fn remove(&self, song: SongId) -> Result<Option<EntryView>> {
        self.workers
            .write(move |w| {
                let Some(found) = find(&w.tx, song)?.filter(|found| !found.removed) else {
                    return Ok(None);
                };
                let seen = server_ids(&w.tx, found.n)?;
                outbox::queue(w, found.song, found.id, &Action::Remove { seen })?;
                w.tx.execute(
                    "UPDATE entry SET removed_at = ?2 WHERE n = ?1",
                    [found.n, w.now.as_microsecond()],
                )?;
                touch(w, song, found.id);
                Ok(Some(view(&w.tx, found.n)?))
            })
            .await
    }

    /// Counts a play of a saved song, here at once and at the service later; `None` if it is not saved.
    /// Whether a listen counts as a play is for the caller to say. `seconds` is how long was listened.
    pub async fn record_play(
        &self,
        song: SongId,
        seconds: u32,
        completed: bool,
    ) -> Result<Option<EntryView>> {
        self.workers
            .write(move |w| {
                let now = w.now;
                count_play(w, song, seconds, completed, now)?.map(|n| view(&w.tx, n)).transpose()
            })
            .await
    }
}

/// Counts a play of a saved song and queues its operation; answers the entry's row, `None` if it is not saved.
pub(crate) fn count_play(
    w: &mut Write<'_>,
    song: SongId,
    seconds: u32,
    completed: bool,
    played_at: Timestamp,
) -> Result<Option<i64>> {
    let Some(found) = find(&w.tx, song)?.filter(|found| !found.removed) else {
        return Ok(None);
    };
    w.tx.execute(
        "UPDATE entry SET play_count = play_count + 1,
                last_played_at = max(coalesce(last_played_at, 0), ?2) WHERE n = ?1",
        [found.n, played_at.as_microsecond()],
    )?;
    let action = Action::Play { seconds, completed, played_at };
    outbox::queue(w, found.song, found.id, &action)?;
    search::rerank(&w.tx, found.song)?;
    touch(w, song, found.id);
    Ok(Some(found.n))
}

/// An entry's row, removed or not.
pub(crate) struct Found {
    pub n: i64,
    pub id: EntryId,
    /// The song's row.
    pub song: i64,
    pub removed: bool,
}

fn find(c: &Connection, song: SongId) -> Result<Option<Found>> {
    rows::song_number(c, song)?.map_or(Ok(None), |n| of_song(c, n))
}

/// The entry of a song by the song's row number.
pub(crate) fn of_song(c: &Connection, song: i64) -> Result<Option<Found>> {
    let mut query = c.prepare_cached("SELECT n, id, removed_at IS NOT NULL FROM entry WHERE song = ?1")?;
    let found = query
        .query_row([song], |row| {
            Ok(Found { n: row.get(0)?, id: EntryId(row.get(1)?), song, removed: row.get(2)? })
        })
        .optional()?;
    Ok(found)
}

/// Inserts an entry for a song's row; `added_at` in microseconds.
pub(crate) fn insert(c: &Connection, id: EntryId, song: i64, added_at: i64) -> Result<i64> {
    let (title, artist): (String, String) = c
        .prepare_cached("SELECT title, artist FROM song WHERE n = ?1")?
        .query_row([song], |row| Ok((row.get(0)?, row.get(1)?)))?;
    c.prepare_cached(
        "INSERT INTO entry (id, song, added_at, title_key, artist_key) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id.0, song, added_at, text::key(&title), text::key(&artist)])?;
    Ok(c.last_insert_rowid())
}

/// What each generation calls an entry.
pub(crate) fn server_ids(c: &Connection, n: i64) -> Result<BTreeMap<GenerationId, ServerId>> {
    let mut query = c.prepare_cached("SELECT generation, server_id FROM entry_server_id WHERE entry = ?1")?;
    let found = query.query_map([n], |row| Ok((GenerationId(row.get(0)?), ServerId(row.get(1)?))))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Notes what a generation calls an entry, in place of what it called it before; answers whether that was news.
pub(crate) fn name(c: &Connection, generation: GenerationId, id: &ServerId, n: i64) -> Result<bool> {
    let known = c
        .prepare_cached(
            "SELECT 1 FROM entry_server_id WHERE generation = ?1 AND server_id = ?2 AND entry = ?3",
        )?
        .exists(params![generation.0, id.as_str(), n])?;
    if !known {
        c.prepare_cached(
            "INSERT OR REPLACE INTO entry_server_id (generation, server_id, entry) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![generation.0, id.as_str(), n])?;
    }
    Ok(!known)
}

/// Forgets an id that a generation has dropped.
pub(crate) fn forget_server_id(c: &Connection, generation: GenerationId, id: &ServerId) -> Result<()> {
    c.prepare_cached("DELETE FROM entry_server_id WHERE generation = ?1 AND server_id = ?2")?
        .execute(params![generation.0, id.as_str()])?;
    Ok(())
}

/// Notes that an entry, and the marks on its song, are stale on the screen.
pub(crate) fn touch(w: &mut Write<'_>, song: SongId, entry: EntryId) {
    w.changes.songs.push(song);
    w.changes.entries.push(entry);
}

fn view(c: &Connection, n: i64) -> Result<EntryView> {
    rows::entry_view(c, generations::current(c)?, n)?
        .ok_or_else(|| Error::unreadable("an entry without a song"))
}
