//! Users: who signed in, their profile, their avatar.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use crate::app::{App, Ctx};
use crate::auth::{self, Phone, Session};
use crate::db::Ids;
use crate::errors::ApiError;
use crate::input::Fields;
use crate::options::Dialect;
use crate::wire;

/// As large as a picture may be.
pub(crate) const MOST_AVATAR_BYTES: usize = 5 * 1024 * 1024;

/// A user's row.
#[derive(Clone)]
pub(crate) struct User {
    pub id: i64,
    pub ids: Ids,
    pub country_code: String,
    pub number: String,
    pub name: Option<String>,
    pub preferences: Value,
    pub created_at: i64,
    pub last_login_at: Option<i64>,
    /// Counts the pictures so far, so that a new one has a new address.
    avatar_revision: Option<i64>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a user has done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stats {
    pub songs: i64,
    /// Seconds.
    pub playtime_s: i64,
    /// Instrumentals made.
    pub conversions: i64,
}

impl User {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let preferences: String = row.get(6)?;
        Ok(Self {
            id: row.get(0)?,
            ids: Ids { blue: row.get(1)?, green: row.get(2)? },
            country_code: row.get(3)?,
            number: row.get(4)?,
            name: row.get(5)?,
            preferences: serde_json::from_str(&preferences).unwrap_or_else(|_| json!({})),
            created_at: row.get(7)?,
            last_login_at: row.get(8)?,
            avatar_revision: row.get(9)?,
        })
    }

    pub fn avatar_address(&self, dialect: Dialect) -> Option<String> {
        self.avatar_revision
            .map(|revision| format!("/media/avatars/{}?v={revision}", self.ids.of_dialect(dialect)))
    }
}

const SELECT: &str =
    "SELECT users.id, blue_id, green_id, country_code, number, name, preferences, created_at,
    last_login_at, avatars.revision FROM users LEFT JOIN avatars ON avatars.user_id = users.id";

pub(crate) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE users.id = ?1"))?
        .query_row([id], User::read)
        .optional()
}

pub(crate) fn by_phone(connection: &Connection, phone: &Phone) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE country_code = ?1 AND number = ?2"))?
        .query_row([&phone.country_code, &phone.number], User::read)
        .optional()
}

/// The user with this number, made if there is none. `by_number_alone` is the plan's unique column:
/// the same digits under another code are refused.
pub(crate) fn sign_in(
    connection: &Connection,
    phone: &Phone,
    now: i64,
    by_number_alone: bool,
) -> Result<User, ApiError> {
    if by_number_alone && by_phone(connection, phone)?.is_none() {
        let taken: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE number = ?1)",
            [&phone.number],
            |row| row.get(0),
        )?;
        if taken {
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "PROCESSING_ERROR",
                "(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint \
                 \"users_phone_number_key\"",
            ));
        }
    }
    let id = ensure(connection, phone, now)?;
    connection.execute("UPDATE users SET last_login_at = ?2 WHERE id = ?1", [id, now])?;
    read(connection, id)?.ok_or_else(|| ApiError::from(rusqlite::Error::QueryReturnedNoRows))
}

/// The row of whoever has this number, made if there is none.
pub(crate) fn ensure(connection: &Connection, phone: &Phone, now: i64) -> rusqlite::Result<i64> {
    if let Some(user) = by_phone(connection, phone)? {
        return Ok(user.id);
    }
    let ids = Ids::new();
    connection.execute(
        "INSERT INTO users (blue_id, green_id, country_code, number, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![ids.blue, ids.green, phone.country_code, phone.number, now],
    )?;
    Ok(connection.last_insert_rowid())
}

fn stats(connection: &Connection, id: i64) -> rusqlite::Result<Stats> {
    connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM entries WHERE user_id = users.id), playtime,
             (SELECT count(*) FROM conversions WHERE user_id = users.id AND status = 'completed')
             FROM users WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Stats { songs: row.get(0)?, playtime_s: row.get(1)?, conversions: row.get(2)? })
        })
}

/// `/user/…` is blue's.
pub(crate) async fn blue_only(ctx: Ctx, request: Request, next: Next) -> Result<Response, ApiError> {
    ctx.only(Dialect::Blue)?;
    Ok(next.run(request).await)
}

/// `/users/…` is green's.
pub(crate) async fn green_only(ctx: Ctx, request: Request, next: Next) -> Result<Response, ApiError> {
    ctx.only(Dialect::Green)?;
    Ok(next.run(request).await)
}

async fn answer(ctx: &Ctx, session: &Session, message: &str) -> Result<Response, ApiError> {
    let user = auth::user_of(&ctx.app, session).await?;
    let id = user.id;
    let stats = ctx.app.db.call(move |connection| Ok(stats(connection, id)?)).await?;
    let wire = ctx.wire();
    Ok(wire::ok(message, json!({ "user": wire.user(&user, Some(&stats)) })))
}

pub(crate) async fn profile(ctx: Ctx, session: Session) -> Result<Response, ApiError> {
    answer(&ctx, &session, "Profile").await
}

pub(crate) async fn update_profile(ctx: Ctx, session: Session, fields: Fields) -> Result<Response, ApiError> {
    let name = fields.optional_string("name")?;
    if name.as_ref().is_some_and(|name| name.chars().count() > 255) {
        let message = "String should have at most 255 characters";
        return Err(ApiError::invalid("body", "name", "string_too_long", message));
    }
    let preferences =
        fields.optional_object("preferences")?.map(|object| Value::Object(object.clone()).to_string());
    let id = session.user_id;
    ctx.app
        .db
        .call(move |connection| {
            connection.execute(
                "UPDATE users SET name = coalesce(?2, name), preferences = coalesce(?3, preferences)
                 WHERE id = ?1",
                params![id, name, preferences],
            )?;
            Ok(())
        })
        .await?;
    answer(&ctx, &session, "Profile updated").await
}

pub(crate) async fn upload_avatar(
    ctx: Ctx,
    session: Session,
    mut form: Multipart,
) -> Result<Response, ApiError> {
    let unreadable = || ApiError::bad("The picture cannot be read");
    let mut picture: Option<Bytes> = None;
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        if field.name() == Some("avatar") {
            picture = Some(field.bytes().await.map_err(|_| unreadable())?);
        }
    }
    let bytes = picture.ok_or_else(|| ApiError::invalid("body", "avatar", "missing", "Field required"))?;
    if bytes.len() > MOST_AVATAR_BYTES {
        return Err(ApiError::bad("The picture is larger than 5 MB"));
    }
    let mime = picture_type(&bytes).ok_or_else(|| ApiError::bad("The picture is no PNG, JPEG or WebP"))?;
    let id = session.user_id;
    ctx.app
        .db
        .call(move |connection| {
            connection.execute(
                "INSERT INTO avatars (user_id, mime, bytes, revision) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT (user_id) DO UPDATE SET mime = excluded.mime, bytes = excluded.bytes,
                 revision = revision + 1",
                params![id, mime, bytes.as_ref()],
            )?;
            Ok(())
        })
        .await?;
    answer(&ctx, &session, "Avatar updated").await
}

/// By what the bytes begin with: names and headers lie.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

pub(crate) async fn avatar(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found: Option<(String, Vec<u8>)> = app
        .db
        .call(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT mime, bytes FROM avatars JOIN users ON users.id = user_id
                     WHERE blue_id = ?1 OR green_id = ?1",
                )?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })
        .await?;
    let (mime, bytes) = found.ok_or_else(|| ApiError::not_found("Avatar"))?;
    Ok(([(header::CONTENT_TYPE, mime)], bytes).into_response())
}
