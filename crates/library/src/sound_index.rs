//! The index of how songs sound, beside the one of how they are spelt: the same documents under the same numbers.

use std::collections::BTreeMap;

use melody_model::SongContent;
use rusqlite::{Connection, params};

use crate::{
    Result, rows, saved_pages,
    search::{self, Indexed},
    settings, text,
    worker::Write,
};

/// The setting that holds the song after which some are not in the index yet.
const NEXT: &str = "search.sound_next";

/// Songs that are indexed between two writes of others.
const AT_ONCE: i64 = 1_000;

/// Writes a song into the index under its document's number.
pub(crate) fn learn(c: &Connection, docid: i64, content: &SongContent) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO sound (rowid, title, artist, album, language) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        docid,
        text::sounds(&content.title),
        text::sounds(&content.artist),
        content.album.as_deref().map(text::sounds),
        content.language.as_deref().map(text::language_mark),
    ])?;
    Ok(())
}

/// Takes a document out of the index, if it is in it.
pub(crate) fn forget(c: &Connection, docid: i64) -> Result<()> {
    c.prepare_cached("DELETE FROM sound WHERE rowid = ?1")?.execute([docid])?;
    Ok(())
}

/// Indexes some of the songs that were known before there was this index. Whether there are more.
pub(crate) fn some_more(w: &mut Write<'_>) -> Result<bool> {
    let Some(next) = settings::get(&w.tx, NEXT)? else { return Ok(false) };
    let next: i64 = serde_json::from_str(&next)?;
    let mut query = w.tx.prepare_cached(&format!(
        "SELECT s.n, s.docid, {} FROM song s WHERE s.n > ?1 ORDER BY s.n LIMIT ?2",
        rows::CONTENT
    ))?;
    let found = query.query_map([next, AT_ONCE], |row| {
        Ok((row.get(0)?, Indexed { old: row.get(1)?, content: rows::content(row, 2)? }))
    })?;
    let songs = found.collect::<rusqlite::Result<BTreeMap<i64, Indexed>>>()?;
    drop(query);
    let last = songs.keys().next_back().copied();
    search::reindex(&w.tx, songs)?;
    saved_pages::note_change(&w.tx)?;
    match last {
        Some(last) => settings::set(&w.tx, NEXT, &last.to_string())?,
        None => drop(w.tx.execute("DELETE FROM setting WHERE key = ?1", [NEXT])?),
    }
    Ok(last.is_some())
}
