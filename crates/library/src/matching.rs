//! Recognising a song under another generation's id: by its ids in other catalogues, else by what it is called.

use std::collections::BTreeSet;

use melody_model::SongContent;
use rusqlite::{Connection, params};

use crate::{Result, rows, text};

/// Seconds by which two durations of one song may differ.
const DURATION_TOLERANCE_S: u32 = 2;

/// The one song without an id in this generation that is the same as this content. A tie is no match.
pub(crate) fn find(c: &Connection, generation: i64, content: &SongContent) -> Result<Option<i64>> {
    let mut by_id = BTreeSet::new();
    for (catalogue, id) in &content.external_ids {
        let candidates = free(
            c,
            "SELECT s.n, {} FROM external_id x JOIN song s ON s.n = x.song WHERE x.hash = ?1",
            external_hash(catalogue, id),
            generation,
        )?;
        let same = candidates.into_iter().filter(|(_, song)| song.external_ids.get(catalogue) == Some(id));
        by_id.extend(same.map(|(n, _)| n));
    }
    if !by_id.is_empty() {
        return Ok(only(by_id));
    }
    let name = name(content);
    let candidates =
        free(c, "SELECT s.n, {} FROM song s WHERE s.match_hash = ?1", name_hash(content), generation)?;
    let same = candidates
        .into_iter()
        .filter(|(_, song)| self::name(song) == name && durations_agree(song.duration_s, content.duration_s));
    Ok(only(same.map(|(n, _)| n).collect()))
}

/// What a song is called, normalised, as a number by which to look it up.
pub(crate) fn name_hash(content: &SongContent) -> i64 {
    hash(&name(content).join("\n"))
}

/// A song's id in another catalogue, as a number by which to look it up.
pub(crate) fn external_hash(catalogue: &str, id: &str) -> i64 {
    hash(&format!("{catalogue}\n{id}"))
}

fn name(content: &SongContent) -> [String; 3] {
    let album = content.album.as_deref().unwrap_or_default();
    [text::key(&content.title), text::key(&content.artist), text::key(album)]
}

fn durations_agree(one: Option<u32>, other: Option<u32>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.abs_diff(other) <= DURATION_TOLERANCE_S,
        (None, None) => true,
        _ => false,
    }
}

/// Whether two durations do not tell two songs apart: one that is not known tells nothing.
pub(crate) fn durations_may_agree(one: Option<u32>, other: Option<u32>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one.abs_diff(other) <= DURATION_TOLERANCE_S)
}

fn only(found: BTreeSet<i64>) -> Option<i64> {
    (found.len() == 1).then(|| found.into_iter().next()).flatten()
}

/// The songs that a query by hash finds and that have no id in this generation.
fn free(c: &Connection, sql: &str, hash: i64, generation: i64) -> Result<Vec<(i64, SongContent)>> {
    let sql = sql.replace("{}", rows::CONTENT)
        + " AND NOT EXISTS (SELECT 1 FROM song_server_id g WHERE g.song = s.n AND g.generation = ?2)";
    let mut query = c.prepare_cached(&sql)?;
    let found =
        query.query_map(params![hash, generation], |row| Ok((row.get(0)?, rows::content(row, 1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// FNV-1a, 64 bits: the same in every version of this program, as a stored number has to be.
fn hash(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}
