//! Recognising a song under another generation's id: by its ids in other catalogues, else by what it is called.

use std::collections::BTreeMap;

use melody_model::{GenerationId, RemoteSong, ServerId, SongContent};
use rusqlite::{Connection, params};

use crate::{Result, rows, songs, text};

/// Seconds by which two durations of one song may differ.
const DURATION_TOLERANCE_S: u32 = 2;

/// The songs of ours that these are, in order. A tie is no match: neither where one of these may be several of ours, nor
/// where several of these may be one of ours. Only these are looked at: what another answer held, or will, is not known.
pub(crate) fn recognise(
    c: &Connection,
    generation: GenerationId,
    told: &[RemoteSong],
) -> Result<Vec<Option<i64>>> {
    let mut found = Vec::with_capacity(told.len());
    let mut claims: BTreeMap<i64, BTreeMap<&ServerId, Match>> = BTreeMap::new();
    for song in told {
        let known = songs::known(c, generation, &song.server_id)?;
        let same = if known.is_none() { find(c, generation, &song.content)? } else { None };
        if let Some(same) = same {
            claims.entry(same.song).or_default().insert(&song.server_id, same);
        }
        found.push((known, same));
    }
    let wins = |id, same: &Match| claims.get(&same.song).is_some_and(|claims| wins(id, claims));
    let recognised = told.iter().zip(found).map(|(song, (known, same))| {
        known.or_else(|| same.filter(|same| wins(&song.server_id, same)).map(|same| same.song))
    });
    Ok(recognised.collect())
}

/// Whether a claim is the only one, or the only one by an id.
fn wins(id: &ServerId, claims: &BTreeMap<&ServerId, Match>) -> bool {
    let by_id = claims.values().filter(|claim| claim.by_id).count();
    match claims.get(id) {
        Some(claim) if claim.by_id => by_id == 1,
        Some(_) => claims.len() == 1,
        None => false,
    }
}

/// A song that is taken for another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    /// Its row number.
    pub song: i64,
    /// Whether an id in another catalogue tells, and not only what it is called.
    by_id: bool,
}

/// The one song that is the same as this content, if it has no id in this generation. A tie is no match.
pub(crate) fn find(c: &Connection, generation: GenerationId, content: &SongContent) -> Result<Option<Match>> {
    let mut by_id = BTreeMap::new();
    for (catalogue, id) in &content.external_ids {
        let candidates = candidates(
            c,
            "SELECT s.n, {} FROM external_id x JOIN song s ON s.n = x.song WHERE x.hash = ?1",
            external_hash(catalogue, id),
            generation,
        )?;
        let same = candidates.into_iter().filter(|one| one.content.external_ids.get(catalogue) == Some(id));
        by_id.extend(same.map(|one| (one.song, one.free)));
    }
    if !by_id.is_empty() {
        return Ok(only(&by_id).map(|song| Match { song, by_id: true }));
    }
    let name = name(content);
    let named = hash(&name.join("\n"));
    let candidates = candidates(c, "SELECT s.n, {} FROM song s WHERE s.match_hash = ?1", named, generation)?;
    let same = candidates.into_iter().filter(|one| {
        self::name(&one.content) == name && durations_agree(one.content.duration_s, content.duration_s)
    });
    Ok(only(&same.map(|one| (one.song, one.free)).collect()).map(|song| Match { song, by_id: false }))
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

/// The song that is alone among those that are the same, if it is free.
fn only(same: &BTreeMap<i64, bool>) -> Option<i64> {
    match same.first_key_value() {
        Some((song, true)) if same.len() == 1 => Some(*song),
        _ => None,
    }
}

/// A song that may be the one that is looked for.
struct Candidate {
    song: i64,
    content: SongContent,
    /// Whether it has no id in the generation yet.
    free: bool,
}

/// The songs that a query by hash finds.
fn candidates(c: &Connection, sql: &str, hash: i64, generation: GenerationId) -> Result<Vec<Candidate>> {
    let free = "NOT EXISTS (SELECT 1 FROM song_server_id g WHERE g.song = s.n AND g.generation = ?2)";
    let mut query = c.prepare_cached(&sql.replace("{}", &format!("{free}, {}", rows::CONTENT)))?;
    let found = query.query_map(params![hash, generation.0], |row| {
        Ok(Candidate { song: row.get(0)?, free: row.get(1)?, content: rows::content(row, 2)? })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// FNV-1a, 64 bits: the same in every version of this program, as a stored number has to be.
fn hash(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}
