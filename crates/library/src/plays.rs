//! How often a saved song was played: what is ours, what the generation counted, what is still to be told.

use jiff::Timestamp;
use melody_model::{GenerationId, ServerId};
use rusqlite::{Connection, params};

use crate::{
    Result,
    entries::{self, Found},
    search::{self, Stale},
};

/// Plays of a song that the service has yet to hear of, refused ones included.
const PENDING: &str = "(SELECT count(*) FROM operation o
                        WHERE o.song = ?1 AND o.kind = 'play' AND o.done_at IS NULL)";

/// Names an entry that is new here, with what its generation counts: nothing of that is ours.
pub(crate) fn begin(
    c: &Connection,
    generation: GenerationId,
    id: &ServerId,
    entry: &Found,
    count: u64,
    last: Option<Timestamp>,
    stale: &mut Stale,
) -> Result<()> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last = last.map(Timestamp::as_microsecond);
    c.prepare_cached(
        "INSERT OR REPLACE INTO entry_server_id (generation, server_id, entry, play_count, last_played_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![generation.0, id.as_str(), entry.n, count, last])?;
    if count > 0 || last.is_some() {
        c.prepare_cached("UPDATE entry SET play_count = ?2, last_played_at = ?3 WHERE n = ?1")?
            .execute(params![entry.n, count, last])?;
        search::moves(c, entry.song, stale)?;
    }
    Ok(())
}

/// Notes what a generation counts for an entry. At first sight of a count, what it lacks of ours becomes the base.
pub(crate) fn note(
    c: &Connection,
    generation: i64,
    entry: &Found,
    count: Option<u64>,
    last: Option<Timestamp>,
) -> Result<()> {
    let Some(count) = count else { return Ok(()) };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    c.prepare_cached(&format!(
        "UPDATE entry_server_id SET
             base = CASE WHEN play_count IS NULL
                    THEN max(0, (SELECT e.play_count FROM entry e WHERE e.n = ?2) - {PENDING} - ?4)
                    ELSE base END,
             play_count = ?4, last_played_at = coalesce(?5, last_played_at)
         WHERE entry = ?2 AND generation = ?3
           AND (play_count IS NOT ?4 OR last_played_at IS NOT coalesce(?5, last_played_at))"
    ))?
    .execute(params![entry.song, entry.n, generation, count, last.map(Timestamp::as_microsecond)])?;
    Ok(())
}

/// Counts anew, and answers whether that changed anything. The count and the last play only rise: a page may be older
/// than what is known.
pub(crate) fn recount(
    c: &Connection,
    generation: i64,
    entry: &Found,
    last: Option<Timestamp>,
) -> Result<bool> {
    let raised = c
        .prepare_cached(&format!(
            "UPDATE entry SET play_count = max(play_count, told.plays),
                    last_played_at = coalesce(max(last_played_at, ?4), last_played_at, ?4)
             FROM (SELECT coalesce((SELECT x.base + coalesce(x.play_count, 0) + {PENDING}
                                    FROM entry_server_id x WHERE x.entry = ?2 AND x.generation = ?3), 0) AS plays)
                  AS told
             WHERE n = ?2 AND (play_count < told.plays OR last_played_at < ?4
                               OR (last_played_at IS NULL AND ?4 IS NOT NULL))"
        ))?
        .execute(params![entry.song, entry.n, generation, last.map(Timestamp::as_microsecond)])?;
    Ok(raised > 0)
}

/// Takes in the answer to an operation. A play whose answer has no count is one more than before.
pub(crate) fn heard(
    c: &Connection,
    generation: i64,
    entry: &Found,
    count: Option<u64>,
    last: Option<Timestamp>,
    played: bool,
) -> Result<()> {
    if count.is_none() && played {
        c.prepare_cached(
            "UPDATE entry_server_id SET play_count = play_count + 1 WHERE entry = ?1 AND generation = ?2",
        )?
        .execute([entry.n, generation])?;
    }
    note(c, generation, entry, count, last)?;
    if recount(c, generation, entry, last)? {
        search::rerank(c, entry.song)?;
    }
    Ok(())
}

/// Keeps a play of a song (by its row) that the service will never count: the song was heard all the same.
pub(crate) fn keep_one(c: &Connection, generation: i64, song: i64) -> Result<()> {
    if let Some(entry) = entries::of_song(c, song)? {
        c.prepare_cached(
            "UPDATE entry_server_id SET base = base + 1
             WHERE entry = ?1 AND generation = ?2 AND play_count IS NOT NULL",
        )?
        .execute([entry.n, generation])?;
    }
    Ok(())
}
