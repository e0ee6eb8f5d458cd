//! What a guest's library gives to the account that signs in: the songs, ids and answers that this one lacks, which
//! the guest keeps too, and playlists and history, which move. Its downloads are not in it: whoever links or copies their
//! files puts them down.

use std::{collections::HashMap, path::Path};

use melody_model::{ListenId, PlaylistId, ServerId, SongId};
use rusqlite::{Connection, params};

use crate::{
    GenerationId, Library, Result, answers, generations, matching, open, rows,
    search::{self, Stale},
    songs,
    worker::Write,
};

impl Library {
    /// Takes over the songs, ids and answers of another library, which stays as it is. Of songs that both know
    /// only gaps are filled: which of the two heard of them last is not known. Every song answers to the id that
    /// it had there, if it keeps its own here. A library that is not there gives nothing. What it answers has moved
    /// and is for the guest to [forget](Self::forget_moved).
    pub async fn carry_over_from(&self, guest: &Path) -> Result<Moved> {
        if !guest.try_exists()? {
            return Ok(Moved::default());
        }
        let guest = guest.to_owned();
        self.workers
            .write(move |w| {
                let from = open::open(&guest)?.writer;
                carry_over(w, &from).map_err(|error| error.at(&guest))
            })
            .await
    }

    /// Lets go of what another library has taken over for good.
    pub async fn forget_moved(&self, moved: Moved) -> Result<()> {
        self.workers
            .write(move |w| {
                for id in moved.playlists {
                    w.tx.execute("DELETE FROM playlist WHERE id = ?1", [id.0])?;
                    w.changes.playlists.push(id);
                }
                let mut forget = w.tx.prepare("DELETE FROM listen WHERE id = ?1")?;
                for id in &moved.listens {
                    w.changes.history |= forget.execute([id.0])? > 0;
                }
                drop(forget);
                // What would take their changes back has nothing left to act on.
                w.tx.execute("DELETE FROM playlist_change", [])?;
                Ok(())
            })
            .await
    }
}

/// What is a listener's own and is now in another library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub playlists: Vec<PlaylistId>,
    pub listens: Vec<ListenId>,
}

fn carry_over(w: &mut Write<'_>, from: &Connection) -> Result<Moved> {
    let mut generation_of = HashMap::new();
    let mut query = from.prepare("SELECT id, dialect FROM generation")?;
    let found = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for generation in found {
        let (theirs, dialect) = generation?;
        generation_of.insert(theirs, generations::find_or_make(&w.tx, &dialect, w.now)?);
    }
    let song_of = carry_songs(w, from, &generation_of)?;
    carry_answers(w, from, &generation_of, &song_of)?;
    Ok(Moved { playlists: carry_playlists(w, from, &song_of)?, listens: carry_history(w, from, &song_of)? })
}

/// Answers which row here stands for each row there.
fn carry_songs(
    w: &mut Write<'_>,
    from: &Connection,
    generation_of: &HashMap<i64, GenerationId>,
) -> Result<HashMap<i64, i64>> {
    let mut song_of = HashMap::new();
    let mut stale = Stale::new();
    let mut all = from.prepare(&format!("SELECT s.n, s.id, {} FROM song s ORDER BY s.n", rows::CONTENT))?;
    let mut ids_of = from.prepare("SELECT generation, server_id FROM song_server_id WHERE song = ?1")?;
    let found =
        all.query_map([], |row| Ok((row.get::<_, i64>(0)?, SongId(row.get(1)?), rows::content(row, 2)?)))?;
    for song in found {
        let (theirs, id, content) = song?;
        let ids = ids_of
            .query_map([theirs], |row| Ok((row.get::<_, i64>(0)?, ServerId(row.get(1)?))))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let ids: Vec<(GenerationId, ServerId)> = ids
            .into_iter()
            .filter_map(|(generation, id)| Some((*generation_of.get(&generation)?, id)))
            .collect();
        let mut n = rows::song_number(&w.tx, id)?;
        for (generation, server_id) in &ids {
            n = n.or(songs::known(&w.tx, *generation, server_id)?);
        }
        for (generation, _) in &ids {
            if n.is_none() {
                n = matching::find(&w.tx, *generation, &content)?.map(|found| found.song);
            }
        }
        let n = match n {
            Some(n) => {
                songs::fill_gaps(w, n, &content, &mut stale)?;
                songs::alias(&w.tx, id, n)?;
                n
            }
            None => songs::insert(w, id, &content, &mut stale)?,
        };
        for (generation, server_id) in &ids {
            songs::name(&w.tx, *generation, server_id, n)?;
        }
        let theirs_told = songs::details(from, theirs)?;
        songs::fill_details(w, n, theirs_told)?;
        song_of.insert(theirs, n);
    }
    search::reindex(&w.tx, stale)?;
    Ok(song_of)
}

fn carry_answers(
    w: &mut Write<'_>,
    from: &Connection,
    generation_of: &HashMap<i64, GenerationId>,
    song_of: &HashMap<i64, i64>,
) -> Result<()> {
    let mut all = from.prepare("SELECT n, key, generation, total, stored_at FROM answer ORDER BY used_at")?;
    let mut songs_of =
        from.prepare("SELECT position, song FROM answer_song WHERE answer = ?1 ORDER BY position")?;
    let mut known = w.tx.prepare("SELECT 1 FROM answer WHERE key = ?1")?;
    let mut missing = Vec::new();
    let found = all.query_map([], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, Option<u64>>(3)?,
            rows::time(row, 4)?,
        ))
    })?;
    for answer in found {
        let answer = answer?;
        if !known.exists([&answer.1])? {
            missing.push(answer);
        }
    }
    drop(known);
    for (n, key, generation, total, stored_at) in missing {
        let Some(&generation) = generation_of.get(&generation) else { continue };
        let placed = songs_of
            .query_map([n], |row| Ok((row.get::<_, u64>(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(u64, i64)>>>()?;
        if placed.is_empty() {
            answers::store(w, &key, generation, &[], total, 0, stored_at)?;
        }
        for (position, song) in placed {
            if let Some(&song) = song_of.get(&song) {
                answers::store(w, &key, generation, &[song], total, position, stored_at)?;
            }
        }
    }
    Ok(())
}

/// One that is here already came with an earlier sign-in that was cut off before the guest let go of it.
fn carry_playlists(
    w: &mut Write<'_>,
    from: &Connection,
    song_of: &HashMap<i64, i64>,
) -> Result<Vec<PlaylistId>> {
    let mut all = from.prepare("SELECT n, id, name, created_at, changed_at FROM playlist ORDER BY n")?;
    let mut items_of = from
        .prepare("SELECT id, song, place, added_at FROM playlist_item WHERE playlist = ?1 ORDER BY place")?;
    let mut playlist = w.tx.prepare(
        "INSERT INTO playlist (id, name, created_at, changed_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    let mut item = w.tx.prepare(
        "INSERT INTO playlist_item (id, playlist, song, place, added_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut moved = Vec::new();
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let id = PlaylistId(row.get(1)?);
        moved.push(id);
        let (name, created_at, changed_at): (String, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        if playlist.execute(params![id.0, name, created_at, changed_at])? == 0 {
            continue;
        }
        let n = w.tx.last_insert_rowid();
        let mut items = items_of.query([row.get::<_, i64>(0)?])?;
        while let Some(row) = items.next()? {
            let Some(song) = song_of.get(&row.get(1)?) else { continue };
            let (id, place, added_at): (uuid::Uuid, String, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
            item.execute(params![id, n, song, place, added_at])?;
        }
        w.changes.playlists.push(id);
    }
    Ok(moved)
}

fn carry_history(w: &mut Write<'_>, from: &Connection, song_of: &HashMap<i64, i64>) -> Result<Vec<ListenId>> {
    let mut all = from.prepare(
        "SELECT id, song, rendition, began_at, heard_ms, completed, counted FROM listen ORDER BY n",
    )?;
    let mut listen = w.tx.prepare(
        "INSERT INTO listen (id, song, rendition, began_at, heard_ms, completed, counted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    let mut moved = Vec::new();
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let id = ListenId(row.get(0)?);
        let Some(song) = song_of.get(&row.get(1)?) else { continue };
        let rendition: String = row.get(2)?;
        let (began_at, heard_ms): (i64, i64) = (row.get(3)?, row.get(4)?);
        let (completed, counted): (bool, bool) = (row.get(5)?, row.get(6)?);
        let new = listen.execute(params![id.0, song, rendition, began_at, heard_ms, completed, counted])?;
        w.changes.history |= new > 0;
        moved.push(id);
    }
    Ok(moved)
}
