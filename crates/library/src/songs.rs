//! Songs: what the service told of them, merged so that a poorer answer erases nothing.

use melody_model::{JsonMap, RemoteSong, ServerId, Song, SongContent, SongDetails, SongId, SongView};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    GenerationId, Library, Result, generations, held, matching, rows,
    search::{self, Indexed, Stale},
    text,
    worker::Write,
};

/// What only the full answer about a song told, and what this client has no name for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredDetails {
    pub details: SongDetails,
    /// Unknown fields, as they came.
    pub extra: JsonMap,
}

impl Library {
    /// Keeps what the service said of songs, in the order of the answer. A song that this generation has
    /// not named before is matched to one that another generation named, if exactly one fits; else it is
    /// new. Fields that this answer lacks keep what an earlier one gave.
    pub async fn store_songs(&self, generation: GenerationId, songs: Vec<RemoteSong>) -> Result<Vec<Song>> {
        let (held, kept) = (self.held.clone(), self.held.clone());
        let (stored, songs) = self
            .workers
            .write(move |w| {
                let current = generations::current(&w.tx)?;
                let mut stored = Vec::with_capacity(songs.len());
                for n in store(w, generation, &songs, |id| held.named(id.as_str()))? {
                    stored.extend(rows::song_view(&w.tx, current, n)?.map(|view| view.song));
                }
                Ok((stored, songs))
            })
            .await?;
        kept.forget(songs.iter().map(|song| &song.server_id));
        Ok(stored)
    }

    /// A song, as a face shows it.
    pub async fn song(&self, id: SongId) -> Result<Option<SongView>> {
        Ok(self.songs(vec![id]).await?.pop())
    }

    /// Songs, as a face shows them, in the order asked for; unknown ones are left out.
    pub async fn songs(&self, ids: Vec<SongId>) -> Result<Vec<SongView>> {
        Ok(self.songs_or_none(ids).await?.into_iter().flatten().collect())
    }

    /// Songs, as a face shows them, one for each id.
    pub async fn songs_or_none(&self, ids: Vec<SongId>) -> Result<Vec<Option<SongView>>> {
        let held = self.held.of(&ids);
        self.workers
            .read(move |c| {
                let generation = generations::current(c)?;
                let view = |id| {
                    let n = rows::song_number(c, id)?;
                    let view = n.map(|n| rows::song_view(c, generation, n)).transpose()?.flatten();
                    Ok(held::view_with(view, held.iter().find(|song| song.id == id)))
                };
                ids.into_iter().map(view).collect()
            })
            .await
    }

    /// Lyrics, metadata and unknown fields of a song; empty ones if no answer had any.
    pub async fn song_details(&self, id: SongId) -> Result<Option<StoredDetails>> {
        let stored =
            self.workers.read(move |c| rows::song_number(c, id)?.map(|n| details(c, n)).transpose()).await?;
        Ok(held::details_with(stored, self.held.of(&[id]).first()))
    }

    /// The song that a text names: our id of it or of its entry, or the service's of either, in the
    /// current generation or an earlier one.
    pub async fn resolve(&self, text: &str) -> Result<Option<SongId>> {
        Ok(self.resolve_all(vec![text.to_owned()]).await?.pop().flatten())
    }

    /// The same for many texts, one answer for each: a long queue is resolved in one go.
    pub async fn resolve_all(&self, texts: Vec<String>) -> Result<Vec<Option<SongId>>> {
        let (texts, mut found) = self
            .workers
            .read(move |c| {
                let found = texts.iter().map(|text| resolve(c, text)).collect::<Result<Vec<_>>>()?;
                Ok((texts, found))
            })
            .await?;
        for (text, found) in texts.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = self.held.named(text);
        }
        let ids: Vec<SongId> = found.iter().copied().flatten().collect();
        self.keep_held(&ids).await?;
        Ok(found)
    }

    /// Forgets a song's id in a generation that does not know it any more: it may have another one now.
    pub async fn forget_server_id(&self, song: SongId, generation: GenerationId) -> Result<()> {
        self.workers
            .write(move |w| {
                w.tx.execute(
                    "DELETE FROM song_server_id
                     WHERE song = (SELECT n FROM song WHERE id = ?1) AND generation = ?2",
                    params![song.0, generation.0],
                )?;
                w.changes.songs.push(song);
                Ok(())
            })
            .await
    }

    /// A song's id in a generation.
    pub async fn server_id(&self, song: SongId, generation: GenerationId) -> Result<Option<ServerId>> {
        self.workers
            .read(move |c| {
                let found = c
                    .prepare_cached(
                        "SELECT x.server_id FROM song s JOIN song_server_id x ON x.song = s.n
                         WHERE s.id = ?1 AND x.generation = ?2",
                    )?
                    .query_row(params![song.0, generation.0], |row| row.get(0))
                    .optional()?;
                Ok(found.map(ServerId))
            })
            .await
    }

    /// The id that the service gave with what is only held of a song.
    pub fn held_server_id(&self, song: SongId) -> Option<ServerId> {
        self.held.of(&[song]).pop().map(|held| held.told.server_id)
    }
}

/// The song that a text names: our id of it or of its entry, or the service's of either.
pub(crate) fn resolve(c: &Connection, text: &str) -> Result<Option<SongId>> {
    let text = text.trim();
    let ours = c
        .prepare_cached(
            "SELECT id FROM song WHERE id = ?1
             UNION ALL SELECT s.id FROM song_alias a JOIN song s ON s.n = a.song WHERE a.id = ?1
             UNION ALL SELECT s.id FROM entry e JOIN song s ON s.n = e.song WHERE e.id = ?1",
        )?
        .query_row([uuid::Uuid::parse_str(text).ok()], |row| row.get(0))
        .optional()?;
    if let Some(id) = ours {
        return Ok(Some(SongId(id)));
    }
    let theirs = c
        .prepare_cached(
            "SELECT id FROM (
                 SELECT s.id, x.generation FROM song_server_id x JOIN song s ON s.n = x.song
                 WHERE x.generation IN (SELECT id FROM generation) AND x.server_id = ?1
                 UNION ALL
                 SELECT s.id, x.generation FROM entry_server_id x
                 JOIN entry e ON e.n = x.entry JOIN song s ON s.n = e.song
                 WHERE x.generation IN (SELECT id FROM generation) AND x.server_id = ?1)
             ORDER BY generation = ?2 DESC, generation DESC LIMIT 1",
        )?
        .query_row(params![text, generations::current(c)?], |row| row.get(0))
        .optional()?;
    Ok(theirs.map(SongId))
}

/// Stores songs and gives their row numbers, in order. Some have an id of ours already, that no row has. The index is
/// brought up to date at the end, in the order of its documents: full-text search writes a segment each time that the
/// order goes back.
pub(crate) fn store(
    w: &mut Write<'_>,
    generation: GenerationId,
    songs: &[RemoteSong],
    id_of: impl Fn(&ServerId) -> Option<SongId>,
) -> Result<Vec<i64>> {
    let mut stale = Stale::new();
    let numbers = store_rows(w, generation, songs, id_of, &mut stale)?;
    search::reindex(&w.tx, stale)?;
    Ok(numbers)
}

/// The same but for the index, which has `stale` to learn before anyone else looks.
pub(crate) fn store_rows(
    w: &mut Write<'_>,
    generation: GenerationId,
    songs: &[RemoteSong],
    id_of: impl Fn(&ServerId) -> Option<SongId>,
    stale: &mut Stale,
) -> Result<Vec<i64>> {
    let mut numbers = Vec::with_capacity(songs.len());
    for (song, recognised) in songs.iter().zip(matching::recognise(&w.tx, generation, songs)?) {
        // An id that comes twice is one song, whatever it is called the second time.
        let known = known(&w.tx, generation, &song.server_id)?.or(recognised);
        let id = id_of(&song.server_id);
        let n = if let Some(n) = known {
            update(w, n, &song.content, stale)?;
            if let Some(id) = id {
                alias(&w.tx, id, n)?;
            }
            n
        } else {
            insert(w, id.unwrap_or_else(SongId::new), &song.content, stale)?
        };
        name(&w.tx, generation, &song.server_id, n)?;
        merge_details(w, n, &song.details, &song.extra)?;
        numbers.push(n);
    }
    Ok(numbers)
}

/// The song that a generation calls by this id.
pub(crate) fn known(c: &Connection, generation: GenerationId, id: &ServerId) -> Result<Option<i64>> {
    let mut query =
        c.prepare_cached("SELECT song FROM song_server_id WHERE generation = ?1 AND server_id = ?2")?;
    Ok(query.query_row(params![generation.0, id.as_str()], |row| row.get(0)).optional()?)
}

/// Our id of a song.
pub(crate) fn id_of(c: &Connection, n: i64) -> Result<SongId> {
    let mut query = c.prepare_cached("SELECT id FROM song WHERE n = ?1")?;
    Ok(query.query_row([n], |row| row.get(0).map(SongId))?)
}

/// Lets another id of ours stand for a song.
pub(crate) fn alias(c: &Connection, id: SongId, n: i64) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO song_alias (id, song) SELECT ?1, n FROM song WHERE n = ?2 AND id <> ?1
         ON CONFLICT DO UPDATE SET song = excluded.song",
    )?
    .execute(params![id.0, n])?;
    Ok(())
}

/// Notes what a generation calls a song.
pub(crate) fn name(c: &Connection, generation: GenerationId, id: &ServerId, n: i64) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO song_server_id (generation, server_id, song) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute(params![generation.0, id.as_str(), n])?;
    Ok(())
}

/// Inserts a song under an id of ours.
pub(crate) fn insert(w: &mut Write<'_>, id: SongId, content: &SongContent, stale: &mut Stale) -> Result<i64> {
    let mut insert = w.tx.prepare_cached(&format!(
        "INSERT INTO song (id, docid, match_hash, {}) VALUES (?, 0, ?, {})",
        rows::CONTENT,
        rows::CONTENT_VALUES
    ))?;
    insert.raw_bind_parameter(1, id.0)?;
    insert.raw_bind_parameter(2, matching::name_hash(content))?;
    rows::bind_content(&mut insert, 3, content)?;
    insert.raw_execute()?;
    drop(insert);
    let n = w.tx.last_insert_rowid();
    note_external_ids(&w.tx, n, content)?;
    stale.insert(n, Indexed { old: None, content: content.clone() });
    w.changes.songs.push(id);
    Ok(n)
}

/// Merges what the service said now into a song; writes only if something is new.
pub(crate) fn update(w: &mut Write<'_>, n: i64, told: &SongContent, stale: &mut Stale) -> Result<()> {
    let old = row(&w.tx, n)?;
    let new = merged(&old.content, told);
    replace(w, n, old, new, stale)
}

/// Adds to a song what it lacks and what another library knew, at whatever time.
pub(crate) fn fill_gaps(w: &mut Write<'_>, n: i64, known: &SongContent, stale: &mut Stale) -> Result<()> {
    let old = row(&w.tx, n)?;
    let new = merged(known, &old.content);
    replace(w, n, old, new, stale)
}

/// A song's row.
struct SongRow {
    id: SongId,
    docid: i64,
    content: SongContent,
}

fn row(c: &Connection, n: i64) -> Result<SongRow> {
    let mut query =
        c.prepare_cached(&format!("SELECT s.id, s.docid, {} FROM song s WHERE s.n = ?1", rows::CONTENT))?;
    let found = query.query_row([n], |row| {
        Ok(SongRow { id: SongId(row.get(0)?), docid: row.get(1)?, content: rows::content(row, 2)? })
    })?;
    Ok(found)
}

fn replace(w: &mut Write<'_>, n: i64, old: SongRow, new: SongContent, stale: &mut Stale) -> Result<()> {
    if new == old.content {
        return Ok(());
    }
    let mut update = w.tx.prepare_cached(&format!(
        "UPDATE song SET (match_hash, {}) = (?, {}) WHERE n = ?",
        rows::CONTENT,
        rows::CONTENT_VALUES
    ))?;
    update.raw_bind_parameter(1, matching::name_hash(&new))?;
    let after = rows::bind_content(&mut update, 2, &new)?;
    update.raw_bind_parameter(after, n)?;
    update.raw_execute()?;
    drop(update);
    note_external_ids(&w.tx, n, &new)?;
    w.tx.prepare_cached("UPDATE entry SET title_key = ?2, artist_key = ?3 WHERE song = ?1")?
        .execute(params![n, text::key(&new.title), text::key(&new.artist)])?;
    let shows = search::differs(&old.content, &new);
    match stale.get_mut(&n) {
        Some(waiting) => waiting.content = new,
        None if shows => {
            stale.insert(n, Indexed { old: Some(old.docid), content: new });
        }
        None => {}
    }
    w.changes.songs.push(old.id);
    Ok(())
}

fn note_external_ids(c: &Connection, n: i64, content: &SongContent) -> Result<()> {
    let mut note = c.prepare_cached("INSERT OR IGNORE INTO external_id (hash, song) VALUES (?1, ?2)")?;
    for (catalogue, id) in &content.external_ids {
        note.execute(params![matching::external_hash(catalogue, id), n])?;
    }
    Ok(())
}

/// What is known after an answer: its fields where it has them, the earlier ones elsewhere. Zero
/// popularity and "not explicit" are what an answer without these fields reads as, so they lose.
pub(crate) fn merged(old: &SongContent, told: &SongContent) -> SongContent {
    fn richer(told: &str, old: &str) -> String {
        if told.is_empty() { old } else { told }.to_owned()
    }
    let mut new = SongContent {
        title: richer(&told.title, &old.title),
        artist: richer(&told.artist, &old.artist),
        album: told.album.clone().or_else(|| old.album.clone()),
        language: told.language.clone().or_else(|| old.language.clone()),
        duration_s: told.duration_s.or(old.duration_s),
        genre: if told.genre.is_empty() { &old.genre } else { &told.genre }.clone(),
        release_year: told.release_year.or(old.release_year),
        popularity: if told.popularity == 0 { old.popularity } else { told.popularity },
        explicit: told.explicit || old.explicit,
        thumbnail_url: told.thumbnail_url.clone().or_else(|| old.thumbnail_url.clone()),
        external_ids: old.external_ids.clone(),
        audio_files: old.audio_files.clone(),
    };
    new.external_ids.extend(told.external_ids.clone());
    new.audio_files.extend(told.audio_files.clone());
    new
}

pub(crate) fn details(c: &Connection, n: i64) -> Result<StoredDetails> {
    let found = c
        .prepare_cached("SELECT lyrics, metadata, extra FROM song_detail WHERE song = ?1")?
        .query_row([n], |row| {
            let metadata = row.get_ref(1)?.as_str_or_null()?.map(|_| rows::json(row, 1)).transpose()?;
            Ok(StoredDetails {
                details: SongDetails { lyrics: row.get(0)?, metadata },
                extra: rows::json(row, 2)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Merges what the service said now into a song's details.
pub(crate) fn merge_details(w: &mut Write<'_>, n: i64, told: &SongDetails, extra: &JsonMap) -> Result<()> {
    if told.lyrics.is_none() && told.metadata.is_none() && extra.is_empty() {
        return Ok(());
    }
    let old = details(&w.tx, n)?;
    let new = merged_details(&old, told, extra);
    replace_details(w, n, &old, &new)
}

/// What is known after an answer: what it told, the earlier details elsewhere.
pub(crate) fn merged_details(old: &StoredDetails, told: &SongDetails, extra: &JsonMap) -> StoredDetails {
    let mut new = old.clone();
    if told.lyrics.is_some() {
        new.details.lyrics.clone_from(&told.lyrics);
    }
    if told.metadata.is_some() {
        new.details.metadata.clone_from(&told.metadata);
    }
    new.extra.extend(extra.clone());
    new
}

/// Adds to a song's details what they lack and what another library knew, at whatever time.
pub(crate) fn fill_details(w: &mut Write<'_>, n: i64, known: StoredDetails) -> Result<()> {
    let old = details(&w.tx, n)?;
    let mut new = old.clone();
    new.details.lyrics = new.details.lyrics.or(known.details.lyrics);
    new.details.metadata = new.details.metadata.or(known.details.metadata);
    new.extra = known.extra;
    new.extra.extend(old.extra.clone());
    replace_details(w, n, &old, &new)
}

fn replace_details(w: &mut Write<'_>, n: i64, old: &StoredDetails, new: &StoredDetails) -> Result<()> {
    if new == old {
        return Ok(());
    }
    w.tx.prepare_cached(
        "INSERT INTO song_detail (song, lyrics, metadata, extra) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (song) DO UPDATE SET lyrics = excluded.lyrics, metadata = excluded.metadata,
                                          extra = excluded.extra",
    )?
    .execute(params![
        n,
        new.details.lyrics,
        new.details.metadata.as_ref().map(serde_json::to_string).transpose()?,
        serde_json::to_string(&new.extra)?,
    ])?;
    let id = id_of(&w.tx, n)?;
    w.changes.songs.push(id);
    Ok(())
}
