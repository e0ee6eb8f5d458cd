//! What a complete pass over one generation's library means: what was removed elsewhere goes, what this generation has
//! not heard is queued for it, and nothing else follows from an absence.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use melody_model::{EntryId, GenerationId, OperationId, RemoteEntry, ServerId, SongId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Action, Library, OperationKind, Result, UnmatchedSong, entries, outbox, rows, settings, switches,
    worker::Write,
};

/// A library of so many songs may be emptied elsewhere between two passes.
const FEW: usize = 2;
/// So many songs are asked for to see whether a generation is still the same.
const PROBES: u32 = 3;
/// The generation of the last complete pass, among the settings.
const PASSED: &str = "library.passed_generation";

/// What of a page is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognised {
    /// Entries that the generation has named.
    pub named: u64,
    /// How many of the page's are among them, by their own id or their song's.
    pub known: u64,
    /// Ids of some saved songs.
    pub probes: Vec<ServerId>,
}

/// What followed from a complete pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concluded {
    /// Entries that were removed elsewhere, and now here.
    pub dropped: u64,
    /// Something was absent, and nothing was concluded.
    pub withheld: bool,
    /// Whether that was most of the library.
    pub mostly: bool,
    /// Ids of some of the songs that were absent, or of others where those have none.
    pub probes: Vec<ServerId>,
    /// Whether the library here is not what the pass met.
    pub differs: bool,
    /// Additions that were queued for what this generation lacks.
    pub refilled: u64,
    /// Changes that were queued again because only another generation had heard them.
    pub replayed: u64,
    /// Saved songs that this generation does not know.
    pub unmatched: Vec<UnmatchedSong>,
}

impl Library {
    /// How many entries a generation has named.
    pub async fn named(&self, generation: GenerationId) -> Result<u64> {
        self.workers.read(move |c| named(c, generation)).await
    }

    /// What of a page is known in a generation.
    pub async fn recognise(&self, generation: GenerationId, page: Vec<RemoteEntry>) -> Result<Recognised> {
        self.workers
            .read(move |c| {
                let mut entry = c.prepare_cached(
                    "SELECT 1 FROM entry_server_id WHERE generation = ?1 AND server_id = ?2
                     UNION ALL SELECT 1 FROM song_server_id x JOIN entry e ON e.song = x.song
                     WHERE x.generation = ?1 AND x.server_id = ?3",
                )?;
                let mut known = 0;
                for told in &page {
                    let ids = params![generation.0, told.server_id.as_str(), told.song.server_id.as_str()];
                    known += u64::from(entry.exists(ids)?);
                }
                Ok(Recognised { named: named(c, generation)?, known, probes: probes(c, generation)? })
            })
            .await
    }

    /// Draws the conclusions of a complete and consistent pass over a generation's library that began at `began` and
    /// met these entries.
    ///
    /// Entries with an id in this generation that the pass did not meet were removed elsewhere, unless a change of them
    /// is pending or was acknowledged since it began. If there are any, nothing is concluded unless that is to be
    /// believed; right after a switch they are not removed but queued to be added. Saved songs without an entry there are queued to be added, and what only
    /// another generation has heard since this one was first seen is queued again, as far as it still makes a
    /// difference.
    pub async fn conclude(
        &self,
        generation: GenerationId,
        began: Timestamp,
        complete_pass: &[ServerId],
        believe: bool,
    ) -> Result<Concluded> {
        let met: HashSet<ServerId> = complete_pass.iter().cloned().collect();
        self.workers.write(move |w| conclude(w, generation, began, &met, believe)).await
    }

    /// Queues again what a generation lacks, after songs were learnt since its pass.
    pub async fn refill(&self, generation: GenerationId) -> Result<Concluded> {
        self.workers
            .write(move |w| {
                let switch = switches::open(&w.tx, generation)?;
                let (refilled, unmatched) = refill(w, generation, switch)?;
                if let Some(switch) = switch {
                    switches::note(&w.tx, switch, refilled, 0, &unmatched)?;
                }
                Ok(Concluded { refilled, unmatched, ..Concluded::default() })
            })
            .await
    }
}

fn named(c: &Connection, generation: GenerationId) -> Result<u64> {
    let mut query = c.prepare_cached("SELECT count(*) FROM entry_server_id WHERE generation = ?1")?;
    Ok(query.query_row([generation.0], |row| row.get(0))?)
}

fn probes(c: &Connection, generation: GenerationId) -> Result<Vec<ServerId>> {
    let mut query = c.prepare_cached(
        "SELECT x.server_id FROM entry_server_id n JOIN entry e ON e.n = n.entry
         JOIN song_server_id x ON x.song = e.song AND x.generation = n.generation
         WHERE n.generation = ?1 ORDER BY e.n DESC LIMIT ?2",
    )?;
    let found = query.query_map(params![generation.0, PROBES], |row| row.get(0).map(ServerId))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The generation's ids of some of these songs, or of others where it has none of these.
fn songs_of(c: &Connection, generation: GenerationId, entries: &[Named]) -> Result<Vec<ServerId>> {
    let mut query = c.prepare_cached(
        "SELECT x.server_id FROM song_server_id x JOIN song s ON s.n = x.song WHERE s.id = ?1 AND x.generation = ?2",
    )?;
    let mut probes = Vec::new();
    for entry in entries {
        if probes.len() == PROBES as usize {
            break;
        }
        let found = query.query_row(params![entry.song.0, generation.0], |row| row.get(0)).optional()?;
        probes.extend(found.map(ServerId));
    }
    // One to ask for there must be: that the service knows none of them means that it is another.
    if probes.is_empty() { self::probes(c, generation) } else { Ok(probes) }
}

fn conclude(
    w: &mut Write<'_>,
    generation: GenerationId,
    began: Timestamp,
    met: &HashSet<ServerId>,
    believe: bool,
) -> Result<Concluded> {
    let named = all_named(&w.tx, generation, began)?;
    let known = named.iter().filter(|entry| entry.settled).count();
    let missing: Vec<_> = named.into_iter().filter(|entry| !met.contains(&entry.server_id)).collect();
    let before: Option<GenerationId> =
        settings::get(&w.tx, PASSED)?.map(|json| serde_json::from_str(&json)).transpose()?;
    let from = before.filter(|before| *before != generation);
    if !missing.is_empty() && !believe && from.is_none() {
        let absent = missing.iter().filter(|entry| entry.settled).count();
        let mostly = known > FEW && absent * 2 > known;
        let probes = songs_of(&w.tx, generation, &missing)?;
        return Ok(Concluded { withheld: true, mostly, probes, ..Concluded::default() });
    }
    let absent: Vec<_> = missing.into_iter().filter(|entry| entry.settled).collect();
    if let Some(from) = from {
        switches::begin(&w.tx, w.now, from, generation)?;
    }
    settings::set(&w.tx, PASSED, &serde_json::to_string(&generation)?)?;
    let dropped = if from.is_some() { 0 } else { absent.len() as u64 };
    for entry in absent {
        if from.is_some() {
            // After a switch what is missing is saved again, whatever this backend knew before.
            entries::forget_server_id(&w.tx, generation, &entry.server_id)?;
        } else {
            w.tx.prepare_cached("DELETE FROM entry WHERE n = ?1")?.execute([entry.n])?;
        }
        entries::touch(w, entry.song, entry.id);
    }
    let switch = switches::open(&w.tx, generation)?;
    let replayed = replay(w, generation, switch)?;
    let (refilled, unmatched) = refill(w, generation, switch)?;
    if let Some(switch) = switch {
        switches::note(&w.tx, switch, refilled, replayed, &unmatched)?;
    }
    let differs = differs(&w.tx, generation, began, met)?;
    Ok(Concluded { dropped, differs, refilled, replayed, unmatched, ..Concluded::default() })
}

/// An entry that a generation has named, and of which nothing was acknowledged since the pass began.
struct Named {
    server_id: ServerId,
    n: i64,
    id: EntryId,
    song: SongId,
    /// Whether nothing of it is pending.
    settled: bool,
}

fn all_named(c: &Connection, generation: GenerationId, began: Timestamp) -> Result<Vec<Named>> {
    let mut query = c.prepare_cached(
        "SELECT x.server_id, e.n, e.id, s.id,
                NOT EXISTS (SELECT 1 FROM operation o WHERE o.song = e.song AND o.done_at IS NULL)
         FROM entry_server_id x JOIN entry e ON e.n = x.entry JOIN song s ON s.n = e.song
         WHERE x.generation = ?1
           AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.song = e.song AND o.done_at >= ?2)",
    )?;
    let found = query.query_map(params![generation.0, began.as_microsecond()], |row| {
        Ok(Named {
            server_id: ServerId(row.get(0)?),
            n: row.get(1)?,
            id: EntryId(row.get(2)?),
            song: SongId(row.get(3)?),
            settled: row.get(4)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Whether what the generation has named here is not what the pass met, and no change since then explains it.
fn differs(
    c: &Connection,
    generation: GenerationId,
    began: Timestamp,
    met: &HashSet<ServerId>,
) -> Result<bool> {
    let meanwhile = c
        .prepare_cached("SELECT 1 FROM operation WHERE done_at >= ?1 OR (done_at IS NULL AND sent_at >= ?1)")?
        .exists([began.as_microsecond()])?;
    if meanwhile {
        return Ok(false);
    }
    let mut query = c.prepare_cached("SELECT server_id FROM entry_server_id WHERE generation = ?1")?;
    let mut found = 0;
    for id in query.query_map([generation.0], |row| row.get(0).map(ServerId))? {
        found += usize::from(met.contains(&id?));
    }
    Ok(found != met.len())
}

/// Queues additions for saved songs that the generation has no entry of. Answers how many, and what it does not know.
fn refill(
    w: &mut Write<'_>,
    generation: GenerationId,
    switch: Option<i64>,
) -> Result<(u64, Vec<UnmatchedSong>)> {
    let lacking =
        w.tx.prepare_cached(
            "SELECT e.song, e.id, s.id, s.title, s.artist,
                    EXISTS (SELECT 1 FROM song_server_id x WHERE x.song = e.song AND x.generation = ?1),
                    EXISTS (SELECT 1 FROM operation o
                            WHERE o.song = e.song AND o.done_at IS NULL AND o.kind <> 'play')
             FROM entry e JOIN song s ON s.n = e.song
             WHERE e.removed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM entry_server_id x WHERE x.entry = e.n AND x.generation = ?1)
             ORDER BY e.added_at, e.n",
        )?
        .query_map([generation.0], |row| {
            let song =
                UnmatchedSong { song_id: SongId(row.get(2)?), title: row.get(3)?, artist: row.get(4)? };
            Ok((row.get(0)?, EntryId(row.get(1)?), song, row.get::<_, bool>(5)?, row.get::<_, bool>(6)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, EntryId, UnmatchedSong, bool, bool)>>>()?;
    let (mut refilled, mut unmatched) = (0, Vec::new());
    for (song, entry, named, known, waits) in lacking {
        if !known {
            unmatched.push(named);
        } else if !waits {
            outbox::queue_for(w, song, entry, &Action::Add, None, switch)?;
            entries::touch(w, named.song_id, entry);
            refilled += 1;
        }
    }
    Ok((refilled, unmatched))
}

/// A change that another generation has heard since this one was first seen, and this one has not.
struct Unheard {
    root: OperationId,
    seq: i64,
    song: i64,
    action: Action,
    heard_in: GenerationId,
}

/// Queues again what this generation has not heard, as far as it makes a difference; notes of the rest that it does
/// not. Answers how many were queued.
fn replay(w: &mut Write<'_>, generation: GenerationId, switch: Option<i64>) -> Result<u64> {
    let unheard =
        w.tx.prepare_cached(
            "SELECT o.id, o.seq, o.song, o.payload, a.generation FROM acknowledgement a
             JOIN operation o ON o.id = a.root
             WHERE a.generation <> ?1 AND a.at >= (SELECT first_seen FROM generation WHERE id = ?1)
               AND NOT EXISTS (SELECT 1 FROM acknowledgement b WHERE b.root = a.root AND b.generation = ?1)
               AND NOT EXISTS (SELECT 1 FROM operation r WHERE r.root = a.root AND r.done_at IS NULL)
             GROUP BY o.id ORDER BY o.seq",
        )?
        .query_map([generation.0], |row| {
            Ok(Unheard {
                root: OperationId(row.get(0)?),
                seq: row.get(1)?,
                song: row.get(2)?,
                action: rows::json(row, 3)?,
                heard_in: GenerationId(row.get(4)?),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut replayed = 0;
    for change in unheard {
        let queued = match change.action.kind() {
            OperationKind::Play => replay_play(w, generation, &change, switch)?,
            OperationKind::Add | OperationKind::Remove => replay_last(w, generation, &change, switch)?,
        };
        if queued {
            replayed += 1;
        } else {
            w.tx.prepare_cached(
                "INSERT OR IGNORE INTO acknowledgement (root, generation, at) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![change.root.0, generation.0, w.now.as_microsecond()])?;
        }
    }
    Ok(replayed)
}

/// Of additions and removals of one song the last one counts: it says what the listener meant.
fn replay_last(
    w: &mut Write<'_>,
    generation: GenerationId,
    change: &Unheard,
    switch: Option<i64>,
) -> Result<bool> {
    let overtaken =
        w.tx.prepare_cached(
            "SELECT 1 FROM operation WHERE song = ?1 AND seq > ?2 AND kind <> 'play' AND state <> 'folded'
               AND root IS NULL",
        )?
        .exists([change.song, change.seq])?;
    let Some(entry) = entries::of_song(&w.tx, change.song)?.filter(|entry| !entry.removed && !overtaken)
    else {
        return Ok(false);
    };
    let names = entries::server_ids(&w.tx, entry.n)?;
    let here = names.get(&generation).cloned();
    let action = match (&change.action, here) {
        (Action::Add, None) => {
            // The refill asks for the song's id first.
            let known =
                w.tx.prepare_cached("SELECT 1 FROM song_server_id WHERE song = ?1 AND generation = ?2")?
                    .exists([change.song, generation.0])?;
            if !known {
                return Ok(false);
            }
            Action::Add
        }
        // What another device saved there after the removal is another entry, and is not meant.
        (Action::Remove { .. }, Some(id)) if !names.contains_key(&change.heard_in) => {
            Action::Remove { seen: BTreeMap::from([(generation, id)]) }
        }
        _ => return Ok(false),
    };
    let removes = action.kind() == OperationKind::Remove;
    outbox::queue_for(w, change.song, entry.id, &action, Some(change.root), switch)?;
    if removes {
        w.tx.execute("UPDATE entry SET removed_at = ?2 WHERE n = ?1", [entry.n, w.now.as_microsecond()])?;
    }
    let song = w.tx.query_row("SELECT id FROM song WHERE n = ?1", [change.song], |row| row.get(0))?;
    entries::touch(w, SongId(song), entry.id);
    Ok(true)
}

/// A play is told again only as far as this generation counts fewer than were heard.
fn replay_play(
    w: &mut Write<'_>,
    generation: GenerationId,
    change: &Unheard,
    switch: Option<i64>,
) -> Result<bool> {
    let Some(entry) = entries::of_song(&w.tx, change.song)?.filter(|entry| !entry.removed) else {
        return Ok(false);
    };
    let missing: Option<i64> =
        w.tx.prepare_cached(
            "SELECT e.play_count
                    - (SELECT count(*) FROM operation o
                       WHERE o.song = e.song AND o.kind = 'play' AND o.done_at IS NULL)
                    - coalesce((SELECT x.base + coalesce(x.play_count, 0) FROM entry_server_id x
                                WHERE x.entry = e.n AND x.generation = ?2), 0)
             FROM entry e WHERE e.n = ?1",
        )?
        .query_row([entry.n, generation.0], |row| row.get(0))
        .optional()?;
    if missing.unwrap_or(0) < 1 {
        return Ok(false);
    }
    outbox::queue_for(w, change.song, entry.id, &change.action, Some(change.root), switch)?;
    let song = w.tx.query_row("SELECT id FROM song WHERE n = ?1", [change.song], |row| row.get(0))?;
    entries::touch(w, SongId(song), entry.id);
    Ok(true)
}
