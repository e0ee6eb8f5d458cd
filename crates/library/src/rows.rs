//! From rows to the nouns of the model and back.

use jiff::Timestamp;
use melody_model::{EntryId, EntryView, ServerId, Song, SongContent, SongId, SongView};
use rusqlite::{Connection, OptionalExtension, Row, types::Type};
use serde::de::DeserializeOwned;

use crate::Result;

/// A column that holds JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}

/// A column that holds microseconds since 1970.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, error.into()))
}

/// A column that holds microseconds since 1970, or nothing.
pub(crate) fn time_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|_| time(row, column)).transpose()
}

/// The columns of a song's content, in the order in which [`content`] reads them.
pub(crate) const CONTENT: &str = "s.title, s.artist, s.album, s.language, s.duration_s, s.genre, \
     s.release_year, s.popularity, s.explicit, s.thumbnail_url, s.external_ids, s.audio_files";

/// Reads the columns of [`CONTENT`], the first of which is at `at`.
pub(crate) fn content(row: &Row<'_>, at: usize) -> rusqlite::Result<SongContent> {
    Ok(SongContent {
        title: row.get(at)?,
        artist: row.get(at + 1)?,
        album: row.get(at + 2)?,
        language: row.get(at + 3)?,
        duration_s: row.get(at + 4)?,
        genre: json(row, at + 5)?,
        release_year: row.get(at + 6)?,
        popularity: row.get(at + 7)?,
        explicit: row.get(at + 8)?,
        thumbnail_url: row.get(at + 9)?,
        external_ids: json(row, at + 10)?,
        audio_files: json(row, at + 11)?,
    })
}

/// A song by its row number, as a face shows it.
pub(crate) fn song_view(c: &Connection, generation: i64, n: i64) -> Result<Option<SongView>> {
    let mut query = c.prepare_cached(&format!(
        "SELECT s.id,
                (SELECT x.server_id FROM song_server_id x WHERE x.song = s.n AND x.generation = ?2),
                EXISTS (SELECT 1 FROM entry e WHERE e.song = s.n AND e.removed_at IS NULL),
                EXISTS (SELECT 1 FROM download d
                        WHERE d.song = s.n AND d.rendition = 'original' AND d.state = 'done' AND d.pinned),
                {CONTENT}
         FROM song s WHERE s.n = ?1"
    ))?;
    let view = query
        .query_row([n, generation], |row| {
            Ok(SongView {
                song: Song {
                    id: SongId(row.get(0)?),
                    server_id: row.get::<_, Option<String>>(1)?.map(ServerId),
                    content: content(row, 4)?,
                },
                in_library: row.get(2)?,
                downloaded: row.get(3)?,
            })
        })
        .optional()?;
    Ok(view)
}

/// A song's row number.
pub(crate) fn song_number(c: &Connection, id: SongId) -> Result<Option<i64>> {
    let mut query = c.prepare_cached("SELECT n FROM song WHERE id = ?1")?;
    Ok(query.query_row([id.0], |row| row.get(0)).optional()?)
}

/// An entry by its row number, removed ones included, as a face shows it.
pub(crate) fn entry_view(c: &Connection, generation: i64, n: i64) -> Result<Option<EntryView>> {
    let mut query = c.prepare_cached(
        "SELECT e.id, e.song, e.added_at, e.play_count, e.last_played_at,
                EXISTS (SELECT 1 FROM operation o WHERE o.song = e.song AND o.done_at IS NULL)
         FROM entry e WHERE e.n = ?1",
    )?;
    let found = query
        .query_row([n], |row| {
            Ok((
                EntryId(row.get(0)?),
                row.get::<_, i64>(1)?,
                time(row, 2)?,
                row.get::<_, i64>(3)?,
                time_or_none(row, 4)?,
                row.get::<_, bool>(5)?,
            ))
        })
        .optional()?;
    let Some((id, song, added_at, play_count, last_played_at, pending)) = found else { return Ok(None) };
    let Some(song) = song_view(c, generation, song)? else { return Ok(None) };
    let downloaded = song.downloaded;
    Ok(Some(EntryView {
        id,
        song,
        added_at,
        play_count: play_count.unsigned_abs(),
        last_played_at,
        pending,
        downloaded,
    }))
}
