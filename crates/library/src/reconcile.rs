//! What a page of the service's library does to ours: it adds and raises, and overrides no one's intent.

use std::collections::HashSet;

use jiff::Timestamp;
use melody_model::{EntryId, RemoteEntry, RemoteSong, ServerId, SongId};
use rusqlite::params;

use crate::{GenerationId, Library, Result, entries, outbox, rows, songs, worker::Write};

/// A library of so many songs may be emptied elsewhere between two syncs.
const FEW: usize = 2;

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub new: usize,
    pub changed: usize,
    /// Entries of which only the ids were kept, because a change made here has yet to be sent.
    pub skipped_pending: usize,
}

impl Library {
    /// Keeps a page of the service's library. Of every entry its id is learnt: a play or a removal may wait
    /// for it. A song with an operation pending is otherwise left as the listener made it. Of the others, the
    /// time of adding stays ours once known, the count of plays and the last play only rise, and unknown
    /// fields are merged.
    pub async fn store_entries(&self, generation: GenerationId, page: Vec<RemoteEntry>) -> Result<Stored> {
        self.workers.write(move |w| store(w, generation, page)).await
    }

    /// Drops what the service no longer has, after a complete and consistent pass over one generation's
    /// library that began at `began`: entries with an id in this generation that the pass did not meet, that
    /// have nothing pending, and of which nothing was acknowledged since it began. Answers how many. Should that be
    /// most of a library of more than a few, the service has lost it, rather than somebody removed it: all is kept.
    pub async fn reconcile(
        &self,
        generation: GenerationId,
        began: Timestamp,
        complete_pass: &[ServerId],
    ) -> Result<usize> {
        let met: HashSet<ServerId> = complete_pass.iter().cloned().collect();
        self.workers.write(move |w| drop_absent(w, generation, began, &met)).await
    }
}

fn store(w: &mut Write<'_>, generation: GenerationId, page: Vec<RemoteEntry>) -> Result<Stored> {
    let (told, entries): (Vec<RemoteSong>, Vec<Told>) = page
        .into_iter()
        .map(|entry| {
            let told = Told {
                server_id: entry.server_id,
                added_at: entry.added_at,
                play_count: entry.play_count,
                last_played_at: entry.last_played_at,
                has_instrumental: entry.has_instrumental,
                extra: entry.extra,
            };
            (entry.song, told)
        })
        .unzip();
    let numbers = songs::store(w, generation, &told)?;
    let mut stored = Stored::default();
    for (song, told) in numbers.into_iter().zip(entries) {
        let known = entries::of_song(&w.tx, song)?;
        if outbox::has_live(&w.tx, song)? {
            if let Some(entry) = known {
                learn_id(w, generation, &told.server_id, &entry)?;
            }
            stored.skipped_pending += 1;
            continue;
        }
        match known {
            None => {
                let added_at = told.added_at.unwrap_or(w.now);
                let id = EntryId::new();
                let n = entries::insert(&w.tx, id, song, added_at.as_microsecond())?;
                merge(w, generation, &entries::Found { n, id, song, removed: false }, &told)?;
                stored.new += 1;
            }
            Some(found) => stored.changed += usize::from(merge(w, generation, &found, &told)?),
        }
    }
    Ok(stored)
}

/// An entry of a page, without its song.
struct Told {
    server_id: ServerId,
    added_at: Option<Timestamp>,
    play_count: u64,
    last_played_at: Option<Timestamp>,
    has_instrumental: bool,
    extra: melody_model::JsonMap,
}

/// Notes what a generation calls an entry; answers whether that was news.
fn learn_id(w: &Write<'_>, generation: GenerationId, id: &ServerId, entry: &entries::Found) -> Result<bool> {
    let known =
        w.tx.prepare_cached(
            "SELECT 1 FROM entry_server_id WHERE generation = ?1 AND server_id = ?2 AND entry = ?3",
        )?
        .exists(params![generation.0, id.as_str(), entry.n])?;
    if !known {
        entries::name(&w.tx, generation, id, entry.n)?;
    }
    Ok(!known)
}

/// Merges what the service says into an entry; answers whether anything was news.
fn merge(w: &mut Write<'_>, generation: GenerationId, entry: &entries::Found, told: &Told) -> Result<bool> {
    let named = learn_id(w, generation, &told.server_id, entry)?;
    let raised = entries::raise_plays(&w.tx, entry, Some(told.play_count), told.last_played_at)?;
    let old: melody_model::JsonMap =
        w.tx.prepare_cached("SELECT extra FROM entry WHERE n = ?1")?
            .query_row([entry.n], |row| rows::json(row, 0))?;
    let mut extra = old;
    extra.extend(told.extra.clone());
    let extra = serde_json::to_string(&extra)?;
    let changed =
        w.tx.prepare_cached(
            "UPDATE entry SET has_instrumental = ?2, extra = ?3
             WHERE n = ?1 AND (has_instrumental <> ?2 OR extra <> ?3)",
        )?
        .execute(params![entry.n, told.has_instrumental, extra])?;
    let news = named || raised || changed > 0;
    if news {
        let song = w.tx.query_row("SELECT id FROM song WHERE n = ?1", [entry.song], |row| row.get(0))?;
        entries::touch(w, SongId(song), entry.id);
    }
    Ok(news)
}

fn drop_absent(
    w: &mut Write<'_>,
    generation: GenerationId,
    began: Timestamp,
    met: &HashSet<ServerId>,
) -> Result<usize> {
    let named =
        w.tx.prepare_cached(
            "SELECT x.server_id, e.n, e.id, s.id FROM entry_server_id x
             JOIN entry e ON e.n = x.entry JOIN song s ON s.n = e.song
             WHERE x.generation = ?1
               AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.song = e.song
                               AND (o.done_at IS NULL OR o.done_at >= ?2))",
        )?
        .query_map(params![generation.0, began.as_microsecond()], |row| {
            Ok((ServerId(row.get(0)?), row.get::<_, i64>(1)?, EntryId(row.get(2)?), SongId(row.get(3)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let known = named.len();
    let absent: Vec<_> = named.into_iter().filter(|(id, ..)| !met.contains(id)).collect();
    if known > FEW && absent.len() * 2 > known {
        tracing::warn!(
            known,
            absent = absent.len(),
            "the service lacks most of the library: all of it is kept"
        );
        return Ok(0);
    }
    let mut dropped = 0;
    for (_, n, entry, song) in absent {
        w.tx.prepare_cached("DELETE FROM entry WHERE n = ?1")?.execute([n])?;
        entries::touch(w, song, entry);
        dropped += 1;
    }
    Ok(dropped)
}
