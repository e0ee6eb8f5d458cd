//! Full-text search: hits come best first because a document's number is its rank. What is spelt as it was asked for
//! comes before what only sounds like it.

use std::collections::{BTreeMap, HashSet};

use melody_model::{SearchType, SongContent, SongView};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Library, Result, generations, rows, sound_index, text};

/// Hits up to which a total is counted; beyond, it is said to be at least that.
const COUNTED: u64 = 1_000;

/// The columns in which a title, an artist or an album is looked for.
pub(crate) const EVERYWHERE: &str = "title artist album";

/// A search of the local catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// What a listener typed. Every word is looked for as the beginning of one.
    pub text: String,
    pub kind: SearchType,
    /// ISO 639-1; `None` for any.
    pub language: Option<String>,
    pub limit: u32,
    pub offset: u64,
}

/// A page of songs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SongPage {
    pub songs: Vec<SongView>,
    /// How many there are over all pages.
    pub total: u64,
    /// Whether `total` is the number, or there are at least so many.
    pub total_exact: bool,
}

impl Library {
    /// Finds songs, the most popular first, then the most played. A text without a word finds nothing.
    pub async fn search(&self, query: SearchQuery) -> Result<SongPage> {
        self.workers.read(move |c| find(c, &query)).await
    }
}

fn find(c: &Connection, query: &SearchQuery) -> Result<SongPage> {
    let columns = match query.kind {
        SearchType::All => EVERYWHERE,
        SearchType::Track => "title",
        SearchType::Artist => "artist",
        SearchType::Album => "album",
    };
    let Some(expression) = text::query(&query.text, columns, query.language.as_deref()) else {
        return Ok(SongPage { total_exact: true, ..SongPage::default() });
    };
    // One walk along the ranks serves the page and the count; one hit more tells whether there are more.
    let wanted = query.offset.min(u64::from(u32::MAX)) + u64::from(query.limit);
    let wanted = wanted.max(COUNTED);
    let mut walk =
        c.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid LIMIT ?2")?;
    let mut hits = walk
        .query_map(params![expression, wanted + 1], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    if hits.len() as u64 <= wanted
        && let Some(expression) = text::sound_query(&query.text, columns, query.language.as_deref())
    {
        let spelt: HashSet<i64> = hits.iter().copied().collect();
        let mut walk =
            c.prepare_cached("SELECT rowid FROM sound WHERE sound MATCH ?1 ORDER BY rowid LIMIT ?2")?;
        let most = wanted + 1 + hits.len() as u64;
        let sounding = walk
            .query_map(params![expression, most], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        hits.extend(sounding.into_iter().filter(|hit| !spelt.contains(hit)));
        hits.truncate(usize::try_from(wanted + 1).unwrap_or(usize::MAX));
    }
    let total_exact = hits.len() as u64 <= wanted;
    let total = (hits.len() as u64).min(wanted);
    let generation = generations::current(c)?;
    let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let mut songs = Vec::new();
    for docid in hits.iter().skip(offset).take(query.limit as usize) {
        songs.extend(rows::song_view(c, generation, song_of(*docid))?);
    }
    Ok(SongPage { songs, total, total_exact })
}

/// A song that the index has to learn anew.
pub(crate) struct Indexed {
    /// The number of the document that it replaces.
    pub old: Option<i64>,
    pub content: SongContent,
}

/// Whether a change of content is one that the index shows.
pub(crate) fn differs(old: &SongContent, new: &SongContent) -> bool {
    (&old.title, &old.artist, &old.album, &old.language, old.popularity)
        != (&new.title, &new.artist, &new.album, &new.language, new.popularity)
}

/// Songs that the index has to learn anew, by row number.
pub(crate) type Stale = BTreeMap<i64, Indexed>;

/// Writes songs into the index. All at once: SQLite writes a segment of it for every change of another table in between.
pub(crate) fn reindex(c: &Connection, songs: Stale) -> Result<()> {
    let mut old: Vec<i64> = songs.values().filter_map(|song| song.old).collect();
    old.sort_unstable();
    let mut forget = c.prepare_cached("DELETE FROM search WHERE rowid = ?1")?;
    for docid in old {
        forget.execute([docid])?;
        sound_index::forget(c, docid)?;
    }
    let mut plays = c.prepare_cached("SELECT play_count FROM entry WHERE song = ?1")?;
    let mut new = Vec::with_capacity(songs.len());
    for (n, song) in songs {
        let plays = plays.query_row([n], |row| row.get::<_, i64>(0)).optional()?.unwrap_or(0);
        new.push((docid(song.content.popularity, plays.unsigned_abs(), n), song.content));
    }
    new.sort_unstable_by_key(|(docid, _)| *docid);
    let mut learn = c.prepare_cached(
        "INSERT INTO search (rowid, title, artist, album, language) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (docid, content) in &new {
        learn.execute(params![
            docid,
            text::key(&content.title),
            text::key(&content.artist),
            content.album.as_deref().map(text::key),
            content.language.as_deref().map(text::language_mark),
        ])?;
        sound_index::learn(c, *docid, content)?;
    }
    let mut note = c.prepare_cached("UPDATE song SET docid = ?2 WHERE n = ?1")?;
    for (docid, _) in new {
        note.execute([song_of(docid), docid])?;
    }
    Ok(())
}

/// Moves one song to the rank that its plays now give it.
pub(crate) fn rerank(c: &Connection, n: i64) -> Result<()> {
    let mut stale = Stale::new();
    moves(c, n, &mut stale)?;
    reindex(c, stale)
}

/// Notes that the plays of a song changed, if that gives it another rank.
pub(crate) fn moves(c: &Connection, n: i64, stale: &mut Stale) -> Result<()> {
    if stale.contains_key(&n) {
        return Ok(());
    }
    let (old, plays, content) = c
        .prepare_cached(&format!(
            "SELECT s.docid, coalesce((SELECT e.play_count FROM entry e WHERE e.song = s.n), 0), {}
             FROM song s WHERE s.n = ?1",
            rows::CONTENT
        ))?
        .query_row([n], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, rows::content(row, 2)?)))?;
    if old != docid(content.popularity, plays.unsigned_abs(), n) {
        stale.insert(n, Indexed { old: Some(old), content });
    }
    Ok(())
}

/// Where a song stands: popular ones first, then those played more, then those known longer.
fn docid(popularity: u32, plays: u64, n: i64) -> i64 {
    let popularity = 100 - i64::from(popularity.min(100));
    let plays = 0xffff - plays.min(0xffff).cast_signed();
    popularity << 48 | plays << 32 | n
}

/// The song's row number, which is the lower half of its document's.
pub(crate) fn song_of(docid: i64) -> i64 {
    docid & 0xffff_ffff
}
