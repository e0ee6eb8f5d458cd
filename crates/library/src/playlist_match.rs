//! Finding the songs of a playlist that comes from elsewhere: by ids, else by what they are called.

use std::collections::{BTreeMap, BTreeSet};

use melody_model::{SongContent, SongId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Library, Result, matching, rows, search, songs, text};

/// Songs of one title that are looked at; a title that more songs have needs an id.
const CANDIDATES: u32 = 2_000;

/// A song as a playlist's file tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedSong {
    /// Ids of ours or of a service, the surest first.
    pub ids: Vec<String>,
    /// By catalogue.
    pub external_ids: BTreeMap<String, String>,
    pub title: String,
    pub artist: String,
    pub album: Option<String>,
    pub duration_s: Option<u32>,
}

impl Library {
    /// The song that each of these means, if it is known here: by an id, by an id in another catalogue, else by title
    /// and artist, and by duration (± 2 s) where both know it. Of several that fit, that of the same album, else the
    /// one that a search would show first; a title without an artist means a song only if no other has it.
    pub async fn match_songs(&self, wanted: Vec<WantedSong>) -> Result<Vec<Option<SongId>>> {
        self.workers.read(move |c| wanted.iter().map(|song| find(c, song)).collect()).await
    }
}

fn find(c: &Connection, wanted: &WantedSong) -> Result<Option<SongId>> {
    for id in &wanted.ids {
        if let Some(song) = songs::resolve(c, id)? {
            return Ok(Some(song));
        }
    }
    if let Some(song) = by_external_id(c, wanted)? {
        return Ok(Some(song));
    }
    by_name(c, wanted)
}

fn by_external_id(c: &Connection, wanted: &WantedSong) -> Result<Option<SongId>> {
    let mut query = c.prepare_cached(&format!(
        "SELECT s.id, {} FROM external_id x JOIN song s ON s.n = x.song WHERE x.hash = ?1",
        rows::CONTENT
    ))?;
    let mut found = BTreeSet::new();
    for (catalogue, id) in &wanted.external_ids {
        let songs = query.query_map([matching::external_hash(catalogue, id)], |row| {
            Ok((SongId(row.get(0)?), rows::content(row, 1)?))
        })?;
        for song in songs {
            let (ours, content) = song?;
            if content.external_ids.get(catalogue) == Some(id) {
                found.insert(ours);
            }
        }
    }
    Ok(if found.len() == 1 { found.pop_first() } else { None })
}

fn by_name(c: &Connection, wanted: &WantedSong) -> Result<Option<SongId>> {
    let (title, artist) = (text::key(&wanted.title), text::key(&wanted.artist));
    let Some(expression) = text::query(&wanted.title, "title", None) else { return Ok(None) };
    let mut walk =
        c.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid LIMIT ?2")?;
    let hits = walk
        .query_map(params![expression, CANDIDATES], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut song = c.prepare_cached(&format!("SELECT s.id, {} FROM song s WHERE s.n = ?1", rows::CONTENT))?;
    let mut found: Vec<(SongId, SongContent)> = Vec::new();
    for hit in hits {
        let read = song
            .query_row([search::song_of(hit)], |row| Ok((SongId(row.get(0)?), rows::content(row, 1)?)))
            .optional()?;
        found.extend(read.filter(|(_, content)| {
            text::key(&content.title) == title
                && (artist.is_empty() || text::key(&content.artist) == artist)
                && matching::durations_may_agree(content.duration_s, wanted.duration_s)
        }));
    }
    if artist.is_empty() && found.len() > 1 {
        return Ok(None);
    }
    let album = wanted.album.as_deref().map(text::key);
    let same_album =
        |content: &SongContent| album.is_some() && content.album.as_deref().map(text::key) == album;
    let best = found.iter().find(|(_, content)| same_album(content)).or(found.first());
    Ok(best.map(|(id, _)| *id))
}
