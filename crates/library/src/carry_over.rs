//! What a guest's library gives to the account that signs in: the songs, ids and answers that this one lacks.
//! Its downloads are not in it: whoever links or copies their files puts them down.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use melody_model::{ServerId, SongId};
use rusqlite::{Connection, params};

use crate::{
    GenerationId, Library, Result, answers, generations, matching, open, rows, search, songs, worker::Write,
};

impl Library {
    /// Takes over the songs, ids and answers of another library, which stays as it is. Of songs that both know
    /// only gaps are filled: which of the two heard of them last is not known. Every song answers to the id that
    /// it had there, if it keeps its own here. A library that is not there gives nothing.
    pub async fn carry_over_from(&self, guest: &Path) -> Result<()> {
        if !guest.try_exists()? {
            return Ok(());
        }
        let guest = guest.to_owned();
        self.workers
            .write(move |w| {
                let from = open::open(&guest)?.writer;
                carry_over(w, &from).map_err(|error| error.at(&guest))
            })
            .await
    }
}

fn carry_over(w: &mut Write<'_>, from: &Connection) -> Result<()> {
    let mut generation_of = HashMap::new();
    let mut query = from.prepare("SELECT id, dialect FROM generation")?;
    let found = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for generation in found {
        let (theirs, dialect) = generation?;
        generation_of.insert(theirs, generations::find_or_make(&w.tx, &dialect, w.now)?);
    }
    let song_of = carry_songs(w, from, &generation_of)?;
    carry_answers(w, from, &generation_of, &song_of)
}

/// Answers which row here stands for each row there.
fn carry_songs(
    w: &mut Write<'_>,
    from: &Connection,
    generation_of: &HashMap<i64, GenerationId>,
) -> Result<HashMap<i64, i64>> {
    let mut song_of = HashMap::new();
    let mut reindexed = BTreeMap::new();
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
                n = matching::find(&w.tx, generation.0, &content)?;
            }
        }
        let n = match n {
            Some(n) => {
                songs::fill_gaps(w, n, &content, &mut reindexed)?;
                w.tx.execute(
                    "INSERT INTO song_alias (id, song) SELECT ?1, n FROM song WHERE n = ?2 AND id <> ?1
                     ON CONFLICT DO UPDATE SET song = excluded.song",
                    params![id.0, n],
                )?;
                n
            }
            None => songs::insert(w, id, &content, &mut reindexed)?,
        };
        for (generation, server_id) in &ids {
            songs::name(&w.tx, *generation, server_id, n)?;
        }
        let theirs_told = songs::details(from, theirs)?;
        songs::fill_details(w, n, theirs_told)?;
        song_of.insert(theirs, n);
    }
    search::reindex(&w.tx, reindexed)?;
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
