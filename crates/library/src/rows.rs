//! From rows to the nouns of the model and back.

use jiff::Timestamp;
use melody_model::{AudioFile, EntryId, EntryView, Rendition, ServerId, Song, SongContent, SongId, SongView};
use rusqlite::{Connection, OptionalExtension, Row, Statement, types::Type};
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

/// The columns of a song's content, in the order in which [`content`] reads and [`bind_content`] writes them.
pub(crate) const CONTENT: &str = "title, artist, album, language, duration_s, genre, release_year, popularity, \
     explicit, thumbnail_url, external_ids, audio_files";

/// As many parameters as [`CONTENT`] has columns.
pub(crate) const CONTENT_VALUES: &str = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";

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

/// Gives the columns of [`CONTENT`] their values, from the parameter `at` on; answers the parameter after them.
pub(crate) fn bind_content(s: &mut Statement<'_>, at: usize, content: &SongContent) -> Result<usize> {
    s.raw_bind_parameter(at, &content.title)?;
    s.raw_bind_parameter(at + 1, &content.artist)?;
    s.raw_bind_parameter(at + 2, &content.album)?;
    s.raw_bind_parameter(at + 3, &content.language)?;
    s.raw_bind_parameter(at + 4, content.duration_s)?;
    s.raw_bind_parameter(at + 5, serde_json::to_string(&content.genre)?)?;
    s.raw_bind_parameter(at + 6, content.release_year)?;
    s.raw_bind_parameter(at + 7, content.popularity)?;
    s.raw_bind_parameter(at + 8, content.explicit)?;
    s.raw_bind_parameter(at + 9, &content.thumbnail_url)?;
    s.raw_bind_parameter(at + 10, serde_json::to_string(&content.external_ids)?)?;
    s.raw_bind_parameter(at + 11, serde_json::to_string(&content.audio_files)?)?;
    Ok(at + 12)
}

/// A song by its row number, as a face shows it.
pub(crate) fn song_view(c: &Connection, generation: i64, n: i64) -> Result<Option<SongView>> {
    let mut query = c.prepare_cached(&format!(
        "SELECT s.id,
                (SELECT x.server_id FROM song_server_id x WHERE x.song = s.n AND x.generation = ?2),
                EXISTS (SELECT 1 FROM entry e WHERE e.song = s.n AND e.removed_at IS NULL),
                EXISTS (SELECT 1 FROM download d
                        WHERE d.song = s.n AND d.rendition = 'original' AND d.state = 'done' AND d.pinned),
                (SELECT e.extra ->> 'instrumental_url' FROM entry e
                 WHERE e.song = s.n AND e.removed_at IS NULL),
                {CONTENT}
         FROM song s WHERE s.n = ?1"
    ))?;
    let view = query
        .query_row([n, generation], |row| {
            let mut content = content(row, 5)?;
            // The listener's own instrumental wins over the catalogue's, whichever was told last.
            if let Some(url) = row.get::<_, Option<String>>(4)? {
                let files = &mut content.audio_files;
                if files.get(&Rendition::Instrumental).is_none_or(|file| file.url != url) {
                    files.insert(Rendition::Instrumental, AudioFile { url, ..AudioFile::default() });
                }
            }
            Ok(SongView {
                song: Song {
                    id: SongId(row.get(0)?),
                    server_id: row.get::<_, Option<String>>(1)?.map(ServerId),
                    content,
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
    let mut query = c.prepare_cached(
        "SELECT n FROM song WHERE id = ?1 UNION ALL SELECT song FROM song_alias WHERE id = ?1 LIMIT 1",
    )?;
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
