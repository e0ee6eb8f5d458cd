//! Instrumentals on request: asked for, followed, listed. They are made in [`crate::converter`].

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use crate::app::{App, Ctx};
use crate::auth::Session;
use crate::clock::micros;
use crate::db::{Ids, id_column};
use crate::errors::ApiError;
use crate::input::{Fields, Params};
use crate::songs::{self, Song};
use crate::wire::{self, Page};

/// The words of the contract.
pub(crate) const STATUSES: [&str; 5] = ["queued", "processing", "completed", "failed", "cancelled"];
const MOST_CONVERSIONS: i64 = 100;

/// One request for an instrumental.
#[derive(Debug, Clone)]
pub(crate) struct Conversion {
    pub id: i64,
    pub ids: Ids,
    pub user_id: i64,
    pub song: Song,
    /// The saved song's ids; gone when it is no longer saved.
    pub entry: Option<Ids>,
    pub status: String,
    /// 0 to 100.
    pub progress: i64,
    pub error: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub completed_at: Option<i64>,
    /// How many are made before it.
    pub ahead: i64,
    pub fate: Fate,
}

/// What a fault has in store for a conversion.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fate {
    /// It fails half way.
    pub fails: bool,
    /// Each step takes so many milliseconds longer.
    pub slower_ms: u64,
}

impl Conversion {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        const W: usize = songs::WIDTH;
        let entry: Option<String> = row.get(W + 10)?;
        Ok(Self {
            song: Song::read(row)?,
            id: row.get(W)?,
            ids: Ids { blue: row.get(W + 1)?, green: row.get(W + 2)? },
            user_id: row.get(W + 3)?,
            status: row.get(W + 4)?,
            progress: row.get(W + 5)?,
            error: row.get(W + 6)?,
            created_at: row.get(W + 7)?,
            started_at: row.get(W + 8)?,
            completed_at: row.get(W + 9)?,
            entry: match entry {
                Some(blue) => Some(Ids { blue, green: row.get(W + 11)? }),
                None => None,
            },
            ahead: row.get(W + 12)?,
            fate: Fate { fails: row.get(W + 13)?, slower_ms: row.get::<_, i64>(W + 14)?.cast_unsigned() },
        })
    }

    fn select() -> String {
        format!(
            "SELECT {}, c.id, c.blue_id, c.green_id, c.user_id, c.status, c.progress, c.error, c.created_at,
             c.started_at, c.completed_at, entries.blue_id, entries.green_id,
             CASE WHEN c.status = 'queued' THEN (SELECT count(*) FROM conversions AS other
                 WHERE other.status = 'processing' OR other.status = 'queued'
                 AND (other.urgency, -other.id) > (c.urgency, -c.id)) ELSE 0 END,
             c.fails, c.slower_ms
             FROM conversions AS c JOIN songs ON songs.id = c.song_id
             LEFT JOIN entries ON entries.user_id = c.user_id AND entries.song_id = c.song_id",
            songs::COLUMNS
        )
    }

    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "queued" | "processing")
    }

    /// Seconds until it is done, as far as can be told.
    pub fn seconds_left(&self, app: &App) -> i64 {
        let whole = (micros(app.options.conversion_time) + 999_999) / 1_000_000;
        match self.status.as_str() {
            "queued" => whole * (self.ahead + 1),
            "processing" => (whole * (100 - self.progress) + 99) / 100,
            _ => 0,
        }
    }
}

pub(crate) async fn convert(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    fate: Option<Extension<Fate>>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let library_id = fields.string("library_id")?;
    // Read to be checked: the service knows where its own sound is.
    fields.string("audio_url")?;
    let urgency = match fields.optional_string("priority")?.as_deref() {
        None | Some("normal") => 1,
        Some("low") => 0,
        Some("high") => 2,
        Some(_) => {
            let message = "Input should be 'low', 'normal' or 'high'";
            return Err(ApiError::invalid("body", "priority", "literal_error", message));
        }
    };
    let fate = fate.map(|Extension(fate)| fate).unwrap_or_default();
    let column = id_column(ctx.dialect);
    let now = app.clock.now();
    let conversion = app
        .db
        .call(move |connection| {
            let transaction = connection.transaction()?;
            let song: i64 = transaction
                .query_row(
                    &format!("SELECT song_id FROM entries WHERE user_id = ?1 AND {column} = ?2"),
                    params![session.user_id, library_id],
                    |row| row.get(0),
                )
                .optional()?
                .ok_or_else(|| ApiError::not_found("Library entry"))?;
            let id = match under_way(&transaction, session.user_id, song)? {
                Some(id) => id,
                None => begin(&transaction, session.user_id, song, urgency, fate, now)?,
            };
            let conversion = read(&transaction, id)?;
            transaction.commit()?;
            Ok(conversion)
        })
        .await?;
    app.work.notify_one();
    let wire = ctx.wire();
    let data = wire.named(json!({
        "job_id": conversion.ids.of_dialect(ctx.dialect),
        "status": conversion.status,
        "estimated_time": conversion.seconds_left(&app),
        "queue_position": conversion.ahead,
    }));
    Ok((StatusCode::ACCEPTED, wire::ok("Conversion started", data)).into_response())
}

/// A conversion of this song that is not over: asked for twice, it is made once.
fn under_way(connection: &Connection, user_id: i64, song_id: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM conversions WHERE user_id = ?1 AND song_id = ?2
             AND status IN ('queued', 'processing') ORDER BY id LIMIT 1",
        )?
        .query_row([user_id, song_id], |row| row.get(0))
        .optional()
}

fn begin(
    connection: &Connection,
    user_id: i64,
    song_id: i64,
    urgency: i64,
    fate: Fate,
    now: i64,
) -> rusqlite::Result<i64> {
    let ids = Ids::new().with_blue_prefix("job_");
    connection.execute(
        "INSERT INTO conversions (blue_id, green_id, user_id, song_id, urgency, status, created_at, fails, slower_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?8)",
        params![
            ids.blue,
            ids.green,
            user_id,
            song_id,
            urgency,
            now,
            fate.fails,
            fate.slower_ms.cast_signed()
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

pub(crate) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Conversion> {
    connection
        .prepare_cached(&format!("{} WHERE c.id = ?1", Conversion::select()))?
        .query_row([id], Conversion::read)
}

/// The one to be made next.
pub(crate) fn next(connection: &Connection) -> rusqlite::Result<Option<Conversion>> {
    connection
        .prepare_cached(&format!(
            "{} WHERE c.status = 'queued' ORDER BY c.urgency DESC, c.id LIMIT 1",
            Conversion::select()
        ))?
        .query_row([], Conversion::read)
        .optional()
}

pub(crate) async fn status(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    Path(job): Path<String>,
) -> Result<Response, ApiError> {
    let column = id_column(ctx.dialect);
    let conversion = app
        .db
        .call(move |connection| {
            let sql = format!("{} WHERE c.user_id = ?1 AND c.{column} = ?2", Conversion::select());
            let found = connection
                .prepare_cached(&sql)?
                .query_row(params![session.user_id, job], Conversion::read)
                .optional()?;
            found.ok_or_else(|| ApiError::not_found("Conversion"))
        })
        .await?;
    Ok(wire::ok("Conversion status", ctx.wire().conversion(&conversion)))
}

pub(crate) async fn history(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    params: Params,
) -> Result<Response, ApiError> {
    let window = params.window(&ctx, MOST_CONVERSIONS)?;
    let status = params.get("status").map(|_| params.choice("status", &STATUSES)).transpose()?;
    let (conversions, total) = app
        .db
        .call(move |connection| {
            let condition = "WHERE c.user_id = ?1 AND (?2 IS NULL OR c.status = ?2)";
            let total = connection
                .prepare_cached(&format!("SELECT count(*) FROM conversions AS c {condition}"))?
                .query_row(params![session.user_id, status], |row| row.get(0))?;
            let sql = format!("{} {condition} ORDER BY c.id DESC LIMIT ?3 OFFSET ?4", Conversion::select());
            let conversions: Vec<Conversion> = connection
                .prepare_cached(&sql)?
                .query_map(params![session.user_id, status, window.limit, window.offset], Conversion::read)?
                .collect::<Result<_, _>>()?;
            Ok((conversions, total))
        })
        .await?;
    let wire = ctx.wire();
    let rows: Vec<_> = conversions.iter().map(|conversion| wire.conversion(conversion)).collect();
    Ok(wire.listed("Conversions", json!({ "conversions": rows }), Page { window, total }))
}
