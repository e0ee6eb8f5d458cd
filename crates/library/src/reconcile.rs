//! What a page of the service's library does to ours: it adds and raises, and overrides no one's intent.

use jiff::Timestamp;
use melody_model::{EntryId, RemoteEntry, RemoteSong, ServerId, SongId};
use rusqlite::params;
use serde_json::Value;

use crate::{
    GenerationId, Library, Result, entries, outbox, plays, rows,
    search::{self, Stale},
    settings, songs,
    worker::Write,
};

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
    /// for it. Of a song with an operation pending, the count of plays is noted, and it is otherwise left as the listener made it. Of the others, the
    /// time of adding stays ours once known, the count of plays and the last play only rise, and unknown
    /// fields are merged.
    pub async fn store_entries(&self, generation: GenerationId, page: Vec<RemoteEntry>) -> Result<Stored> {
        self.store_entries_and_keep(generation, page, None).await
    }

    /// The same, and a setting with it, at once: what was read, and how far.
    pub async fn store_entries_and_keep(
        &self,
        generation: GenerationId,
        page: Vec<RemoteEntry>,
        setting: Option<(&'static str, Value)>,
    ) -> Result<Stored> {
        self.workers
            .write(move |w| {
                if let Some((key, value)) = setting {
                    settings::set(&w.tx, key, &value.to_string())?;
                }
                store(w, generation, page)
            })
            .await
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
    let mut stale = Stale::new();
    let numbers = songs::store_rows(w, generation, &told, |_| None, &mut stale)?;
    let mut stored = Stored::default();
    for (song, told) in numbers.into_iter().zip(entries) {
        let known = entries::of_song(&w.tx, song)?;
        if outbox::has_live(&w.tx, song)? {
            if let Some(entry) = known {
                entries::name(&w.tx, generation, &told.server_id, entry.n)?;
                plays::note(&w.tx, generation.0, &entry, Some(told.play_count), told.last_played_at)?;
            }
            stored.skipped_pending += 1;
            continue;
        }
        match known {
            None => {
                let added_at = told.added_at.unwrap_or(w.now);
                let id = EntryId::new();
                let n = entries::insert(&w.tx, id, song, added_at.as_microsecond())?;
                begin(w, generation, &entries::Found { n, id, song, removed: false }, &told, &mut stale)?;
                stored.new += 1;
            }
            Some(found) => stored.changed += usize::from(merge(w, generation, &found, &told, &mut stale)?),
        }
    }
    search::reindex(&w.tx, stale)?;
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

/// Takes what the service says of an entry that nothing is known of: most of a first reading, so no more than that.
fn begin(
    w: &mut Write<'_>,
    generation: GenerationId,
    entry: &entries::Found,
    told: &Told,
    stale: &mut Stale,
) -> Result<()> {
    plays::begin(&w.tx, generation, &told.server_id, entry, told.play_count, told.last_played_at, stale)?;
    if told.has_instrumental || !told.extra.is_empty() {
        let extra = serde_json::to_string(&told.extra)?;
        w.tx.prepare_cached("UPDATE entry SET has_instrumental = ?2, extra = ?3 WHERE n = ?1")?
            .execute(params![entry.n, told.has_instrumental, extra])?;
    }
    touch(w, entry)
}

fn touch(w: &mut Write<'_>, entry: &entries::Found) -> Result<()> {
    let song =
        w.tx.prepare_cached("SELECT id FROM song WHERE n = ?1")?.query_row([entry.song], |row| row.get(0))?;
    entries::touch(w, SongId(song), entry.id);
    Ok(())
}

/// Merges what the service says into an entry; answers whether anything was news.
fn merge(
    w: &mut Write<'_>,
    generation: GenerationId,
    entry: &entries::Found,
    told: &Told,
    stale: &mut Stale,
) -> Result<bool> {
    let named = entries::name(&w.tx, generation, &told.server_id, entry.n)?;
    plays::note(&w.tx, generation.0, entry, Some(told.play_count), told.last_played_at)?;
    let raised = plays::recount(&w.tx, generation.0, entry, told.last_played_at)?;
    if raised {
        search::moves(&w.tx, entry.song, stale)?;
    }
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
        touch(w, entry)?;
    }
    Ok(news)
}
