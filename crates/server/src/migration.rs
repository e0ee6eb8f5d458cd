//! The migration of the rehearsal: one server's users and libraries into another's data, under new ids.

use std::path::Path;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use rusqlite::{Connection, OpenFlags, Transaction, params};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::Error;
use crate::app::{App, Ctx};
use crate::auth::Session;
use crate::db::{DATABASE, Ids};
use crate::errors::ApiError;
use crate::input::Params;
use crate::options::Dialect;
use crate::wire::Page;

/// How much the plan's script shifts a moment: naive times are read as India's, in microseconds.
const SHIFT_US: i64 = 5 * 3_600_000_000 + 30 * 60_000_000;
/// How long it waits for what a running server writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows of the mapping in one answer.
const MOST_MAPPED: i64 = 1000;

/// How well the migration is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Migration {
    /// The plan's script: users and songs, and no library.
    pub forget_library: bool,
    /// The plan's script too: every moment is off by 5 h 30.
    pub shift_times: bool,
    /// How it ends.
    pub ending: Ending,
}

/// How a migration ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// Everything is there, at once.
    #[default]
    Well,
    /// It breaks off: every user is there, and the first half of the saved songs.
    HalfWay,
    /// The plan's script: it counts what it copied, and nothing of it is there.
    RolledBack,
}

/// What came over, or is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Migrated {
    pub users: usize,
    /// Songs that the other catalogue lacked.
    pub songs: usize,
    /// Saved songs.
    pub entries: usize,
}

/// Makes the data in `to` those in `from`, both folders of [`crate::Options::data`]: whoever and whatever was saved in
/// `to` is gone, everybody gets new ids, and nobody stays signed in. Both servers may run meanwhile; it happens in one
/// transaction, so that nobody sees half of it.
pub fn migrate(from: &Path, to: &Path, how: Migration) -> Result<Migrated, Error> {
    let old = from.join(DATABASE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Looked at first: what is attached and not there would be made.
    drop(Connection::open_with_flags(&old, flags).map_err(|error| Error::from(error).about(Some(from)))?);
    let mut new = Connection::open_with_flags(to.join(DATABASE), flags)
        .map_err(|error| Error::from(error).about(Some(to)))?;
    new.busy_timeout(PATIENCE)?;
    new.execute("ATTACH ?1 AS old", [old.to_string_lossy()])?;
    let transaction = new.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let shift = if how.shift_times { SHIFT_US } else { 0 };
    forget(&transaction)?;
    let songs = songs(&transaction)?;
    let users = users(&transaction, shift)?;
    let entries = if how.forget_library { 0 } else { entries(&transaction, shift, how.ending)? };
    if how.ending == Ending::RolledBack {
        transaction.rollback()?;
    } else {
        transaction.commit()?;
    }
    Ok(Migrated { users, songs, entries })
}

/// What the data in `folder`, as in [`migrate`], hold: users, songs, saved songs. Two backends that hold as many after a
/// migration have lost nothing on the way, as far as counting can tell.
pub fn held(folder: &Path) -> Result<Migrated, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(DATABASE), flags)
        .map_err(|error| Error::from(error).about(Some(folder)))?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM songs), (SELECT count(*) FROM entries)",
        [],
        |row| {
            let count = |at| row.get::<_, i64>(at).map(|count| count as usize);
            Ok(Migrated { users: count(0)?, songs: count(1)?, entries: count(2)? })
        },
    )?)
}

fn forget(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "DELETE FROM main.notifications; DELETE FROM main.conversions; DELETE FROM main.entries;
         DELETE FROM main.tokens; DELETE FROM main.otps; DELETE FROM main.avatars; DELETE FROM main.users;",
    )
}

/// A song is the same in both by blue's id, which its content decides. What was converted stays converted.
fn songs(transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
    const REST: &str = "blue_id, green_id, origin, title, artist, album, language, genre, release_year, popularity,
        explicit, duration, seed, lyrics, bpm, key, energy, danceability, has_instrumental, spotify, youtube, lastfm,
        created_at";
    transaction.execute(
        "UPDATE main.songs SET has_instrumental = 1 WHERE NOT has_instrumental
         AND blue_id IN (SELECT blue_id FROM old.songs WHERE has_instrumental)",
        [],
    )?;
    let last: i64 =
        transaction.query_row("SELECT coalesce(max(id), 0) FROM main.songs", [], |row| row.get(0))?;
    let copied = transaction.execute(
        &format!(
            "INSERT INTO main.songs ({REST}) SELECT {REST} FROM old.songs
             WHERE blue_id NOT IN (SELECT blue_id FROM main.songs) ORDER BY id"
        ),
        [],
    )?;
    transaction.execute(
        "INSERT INTO main.songs_text (rowid, title, artist, album)
         SELECT new.id, text.title, text.artist, text.album FROM main.songs AS new
         JOIN old.songs AS before ON before.blue_id = new.blue_id
         JOIN old.songs_text AS text ON text.rowid = before.id WHERE new.id > ?1",
        [last],
    )?;
    Ok(copied)
}

/// Blue's id stays, for the mapping; green's is a new one.
fn users(transaction: &Transaction<'_>, shift_us: i64) -> rusqlite::Result<usize> {
    let ids: Vec<i64> = transaction
        .prepare("SELECT id FROM old.users ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut copy = transaction.prepare(
        "INSERT INTO main.users (blue_id, green_id, country_code, number, name, preferences, playtime, created_at,
         last_login_at)
         SELECT blue_id, ?2, country_code, number, name, preferences, playtime, created_at - ?3, last_login_at - ?3
         FROM old.users WHERE id = ?1",
    )?;
    for id in &ids {
        copy.execute(params![id, Ids::new().green, shift_us])?;
    }
    transaction.execute(
        "INSERT INTO main.avatars (user_id, mime, bytes, revision)
         SELECT new.id, mime, bytes, revision FROM old.avatars
         JOIN old.users AS before ON before.id = old.avatars.user_id
         JOIN main.users AS new ON new.blue_id = before.blue_id",
        [],
    )?;
    Ok(ids.len())
}

fn entries(transaction: &Transaction<'_>, shift_us: i64, ending: Ending) -> rusqlite::Result<usize> {
    let mut rows: Vec<(i64, i64, i64)> = transaction
        .prepare(
            "SELECT entry.id, owner.id, song.id FROM old.entries AS entry
             JOIN old.users AS old_owner ON old_owner.id = entry.user_id
             JOIN main.users AS owner ON owner.blue_id = old_owner.blue_id
             JOIN old.songs AS old_song ON old_song.id = entry.song_id
             JOIN main.songs AS song ON song.blue_id = old_song.blue_id ORDER BY entry.id",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    if ending == Ending::HalfWay {
        rows.truncate(rows.len() / 2);
    }
    let mut copy = transaction.prepare(
        "INSERT INTO main.entries (blue_id, green_id, user_id, song_id, added_at, play_count, last_played_at)
         SELECT blue_id, ?2, ?3, ?4, added_at - ?5, play_count, last_played_at - ?5
         FROM old.entries WHERE id = ?1",
    )?;
    for (entry, user, song) in &rows {
        copy.execute(params![entry, Ids::new().green, user, song, shift_us])?;
    }
    Ok(rows.len())
}

/// Which new id belongs to which old one, of what the caller has: the account, its saved songs, their entries.
pub(crate) async fn mapping(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    params: Params,
) -> Result<Response, ApiError> {
    ctx.only(Dialect::Green)?;
    let window = params.window(&ctx, MOST_MAPPED)?;
    let (rows, total) = app
        .db
        .call(move |connection| {
            let all = "SELECT 'users' AS what, blue_id, green_id, 0 AS part, id FROM users WHERE id = ?1
                UNION ALL SELECT 'songs', songs.blue_id, songs.green_id, 1, entries.id FROM entries
                JOIN songs ON songs.id = entries.song_id WHERE entries.user_id = ?1
                UNION ALL SELECT 'user_library', blue_id, green_id, 2, id FROM entries WHERE user_id = ?1";
            let total = connection
                .prepare_cached(&format!("SELECT count(*) FROM ({all})"))?
                .query_row([session.user_id], |row| row.get(0))?;
            let rows: Vec<Value> = connection
                .prepare_cached(&format!(
                    "SELECT what, blue_id, green_id FROM ({all}) ORDER BY part, id LIMIT ?2 OFFSET ?3"
                ))?
                .query_map([session.user_id, window.limit, window.offset], |row| {
                    let what: String = row.get(0)?;
                    let (old, new): (String, String) = (row.get(1)?, row.get(2)?);
                    Ok(json!({ "old_collection": what, "old_id": old, "new_table": what, "new_id": new }))
                })?
                .collect::<Result<_, _>>()?;
            Ok((rows, total))
        })
        .await?;
    Ok(ctx.wire().listed("Mapping", json!({ "mapping": rows }), Page { window, total }))
}
