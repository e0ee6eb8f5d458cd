//! A listener's library: list, add, remove, count plays.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use crate::app::{App, Ctx};
use crate::auth::{Phone, Session};
use crate::db::{Ids, id_column};
use crate::errors::ApiError;
use crate::input::{Fields, Params};
use crate::options::Dialect;
use crate::songs::{self, Song};
use crate::users;
use crate::wire::{self, Page};

const MOST_ENTRIES: i64 = 100;

/// A saved song.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub ids: Ids,
    pub song: Song,
    pub added_at: i64,
    pub play_count: i64,
    pub last_played_at: Option<i64>,
    /// Of the newest conversion, if there was one.
    pub conversion: Option<String>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            song: Song::read(row)?,
            ids: Ids { blue: row.get(songs::WIDTH)?, green: row.get(songs::WIDTH + 1)? },
            added_at: row.get(songs::WIDTH + 2)?,
            play_count: row.get(songs::WIDTH + 3)?,
            last_played_at: row.get(songs::WIDTH + 4)?,
            conversion: row.get(songs::WIDTH + 5)?,
        })
    }

    fn select() -> String {
        format!(
            "SELECT {}, entries.blue_id, entries.green_id, entries.added_at, entries.play_count,
             entries.last_played_at,
             (SELECT status FROM conversions WHERE conversions.user_id = entries.user_id
              AND conversions.song_id = entries.song_id ORDER BY conversions.id DESC LIMIT 1) FROM entries JOIN songs ON songs.id = entries.song_id",
            songs::COLUMNS
        )
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    params: Params,
) -> Result<Response, ApiError> {
    let window = params.window(&ctx, MOST_ENTRIES)?;
    let sort = params.choice("sort", &["added", "title", "artist", "plays"])?;
    let otherwise = if matches!(sort, "title" | "artist") { ["asc", "desc"] } else { ["desc", "asc"] };
    let order = params.choice("order", &otherwise)?;
    let key = match sort {
        "title" => "songs.title COLLATE NOCASE",
        "artist" => "songs.artist COLLATE NOCASE",
        "plays" => "entries.play_count",
        _ => "entries.added_at",
    };
    let instrumental = params.flag("has_instrumental")?;
    let (entries, total) = app
        .db
        .call(move |connection| {
            // The page is found by its entries alone, where that can be: a large library is read page by page.
            let by_song = matches!(sort, "title" | "artist") || instrumental.is_some();
            let songs = if by_song { "JOIN songs ON songs.id = entries.song_id" } else { "" };
            let mut condition = "entries.user_id = ?1".to_owned();
            if let Some(has) = instrumental {
                condition +=
                    if has { " AND songs.has_instrumental" } else { " AND NOT songs.has_instrumental" };
            }
            let total = connection
                .prepare_cached(&format!("SELECT count(*) FROM entries {songs} WHERE {condition}"))?
                .query_row([session.user_id], |row| row.get(0))?;
            let sql = format!(
                "{} WHERE entries.id IN (SELECT entries.id FROM entries {songs} WHERE {condition}
                     ORDER BY {key} {order}, entries.id {order} LIMIT ?2 OFFSET ?3)
                 ORDER BY {key} {order}, entries.id {order}",
                Entry::select()
            );
            let entries: Vec<Entry> = connection
                .prepare_cached(&sql)?
                .query_map(params![session.user_id, window.limit, window.offset], Entry::read)?
                .collect::<Result<_, _>>()?;
            Ok((entries, total))
        })
        .await?;
    let wire = ctx.wire();
    let songs: Vec<_> = entries.iter().map(|entry| wire.entry(entry)).collect();
    Ok(wire.listed("Library", json!({ "songs": songs }), Page { window, total }))
}

pub(crate) async fn add(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    fields: Fields,
) -> Result<Response, ApiError> {
    let track = fields.string("track_id")?;
    let dialect = ctx.dialect;
    let now = app.clock.now();
    let (entry, fresh) = app
        .db
        .call(move |connection| {
            let song =
                songs::find(connection, dialect, &track)?.ok_or_else(|| ApiError::not_found("Song"))?;
            let fresh = insert(connection, session.user_id, song.id, now)?;
            let sql = format!("{} WHERE entries.user_id = ?1 AND entries.song_id = ?2", Entry::select());
            let entry =
                connection.prepare_cached(&sql)?.query_row([session.user_id, song.id], Entry::read)?;
            Ok((entry, fresh))
        })
        .await?;
    let wire = ctx.wire();
    let data = wire.entry(&entry);
    Ok(if fresh {
        wire::created("Song added to library", data)
    } else {
        wire::ok("Song already in library", data)
    })
}

/// Whether the song was not there yet.
pub(crate) fn insert(
    connection: &Connection,
    user_id: i64,
    song_id: i64,
    now: i64,
) -> rusqlite::Result<bool> {
    let ids = Ids::new().with_blue_prefix("library_");
    let rows = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO entries (blue_id, green_id, user_id, song_id, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![ids.blue, ids.green, user_id, song_id, now])?;
    Ok(rows == 1)
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let column = id_column(ctx.dialect);
    let gone = app
        .db
        .call(move |connection| {
            Ok(connection.execute(
                &format!("DELETE FROM entries WHERE user_id = ?1 AND {column} = ?2"),
                params![session.user_id, id],
            )?)
        })
        .await?;
    if gone == 0 {
        return Err(ApiError::not_found("Library entry"));
    }
    Ok(wire::ok("Song removed from library", Value::Null))
}

pub(crate) async fn play(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let seconds = fields.count("seconds_listened")?;
    // Read to be checked: the service counts a play either way.
    fields.flag("completed")?;
    let column = id_column(ctx.dialect);
    let now = app.clock.now();
    let plays: i64 = app
        .db
        .call(move |connection| {
            let transaction = connection.transaction()?;
            let plays = transaction
                .query_row(
                    &format!(
                        "UPDATE entries SET play_count = play_count + 1, last_played_at = ?3
                         WHERE user_id = ?1 AND {column} = ?2 RETURNING play_count"
                    ),
                    params![session.user_id, id, now],
                    |row| row.get(0),
                )
                .optional()?
                .ok_or_else(|| ApiError::not_found("Library entry"))?;
            transaction.execute(
                "UPDATE users SET playtime = playtime + ?2 WHERE id = ?1",
                [session.user_id, seconds],
            )?;
            transaction.commit()?;
            Ok(plays)
        })
        .await?;
    let wire = ctx.wire();
    let data = wire.named(json!({ "play_count": plays, "last_played_at": wire.time(now) }));
    Ok(wire::ok("Play recorded", data))
}

/// What another device would do between two pages: the first time a song appears on top of the
/// library, the next time that same song is gone again. The caller's own rows stay.
pub(crate) fn shift(connection: &Connection, user_id: i64, now: i64) -> rusqlite::Result<()> {
    let shifted: Option<i64> = connection
        .query_row(
            "SELECT id FROM entries WHERE user_id = ?1 AND blue_id LIKE 'library_shifted%'",
            [user_id],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = shifted {
        connection.execute("DELETE FROM entries WHERE id = ?1", [id])?;
        return Ok(());
    }
    let ids = Ids::new().with_blue_prefix("library_shifted");
    connection.execute(
        "INSERT INTO entries (blue_id, green_id, user_id, song_id, added_at)
         SELECT ?1, ?2, ?3, id, ?4 FROM songs
         WHERE id NOT IN (SELECT song_id FROM entries WHERE user_id = ?3) ORDER BY id DESC LIMIT 1",
        params![ids.blue, ids.green, user_id, now],
    )?;
    Ok(())
}

/// A saved song, as a test sees it from inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSong {
    /// Title and artist name the song in both dialects.
    pub title: String,
    /// See `title`.
    pub artist: String,
    /// In blue.
    pub blue_track_id: String,
    /// In green.
    pub green_track_id: String,
    /// As often as the service counted.
    pub play_count: i64,
    /// Microseconds since 1970.
    pub added_at_us: i64,
}

/// A user's library, newest first.
pub(crate) fn saved(connection: &Connection, user_id: i64) -> rusqlite::Result<Vec<SavedSong>> {
    connection
        .prepare_cached(&format!(
            "{} WHERE entries.user_id = ?1 ORDER BY entries.added_at DESC, entries.id DESC",
            Entry::select()
        ))?
        .query_map([user_id], Entry::read)?
        .map(|entry| {
            let Entry { song, added_at, play_count, .. } = entry?;
            Ok(SavedSong {
                blue_track_id: song.ids.of_dialect(Dialect::Blue).to_owned(),
                green_track_id: song.ids.of_dialect(Dialect::Green).to_owned(),
                title: song.demo.title,
                artist: song.demo.artist,
                play_count,
                added_at_us: added_at,
            })
        })
        .collect()
}

/// Saves the first `count` songs for a user, a second apart, made if there is none.
pub(crate) fn fill(
    connection: &mut Connection,
    phone: &Phone,
    count: usize,
    now: i64,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let user = users::ensure(&transaction, phone, now)?;
    let songs: Vec<i64> = transaction
        .prepare("SELECT id FROM songs ORDER BY id LIMIT ?1")?
        .query_map([count as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for (age_s, song) in (0..).zip(songs) {
        insert(&transaction, user, song, now - age_s * 1_000_000)?;
    }
    transaction.commit()
}

pub(crate) fn save_all(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DROP TABLE IF EXISTS saved_entries; CREATE TABLE saved_entries AS SELECT * FROM entries",
    )
}

pub(crate) fn roll_back_all(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch("DELETE FROM entries; INSERT INTO entries SELECT * FROM saved_entries")?;
    transaction.commit()
}
