//! What the service has to say to a user: listed, counted, marked as read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use crate::app::{App, Ctx};
use crate::auth::Session;
use crate::conversions::{self, Conversion};
use crate::db::{Ids, id_column};
use crate::errors::ApiError;
use crate::input::Params;
use crate::realtime::News;
use crate::wire::{self, Page};

const MOST_NOTIFICATIONS: i64 = 100;

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub ids: Ids,
    pub user_id: i64,
    /// `conversion_completed`, `conversion_failed`, `announcement`.
    pub kind: String,
    pub title: String,
    pub message: String,
    /// What it is about.
    pub conversion: Option<Box<Conversion>>,
    pub read: bool,
    pub created_at: i64,
}

/// A row, without what it is about.
fn read(row: &Row<'_>) -> rusqlite::Result<(Notification, Option<i64>)> {
    let notification = Notification {
        ids: Ids { blue: row.get(0)?, green: row.get(1)? },
        user_id: row.get(2)?,
        kind: row.get(3)?,
        title: row.get(4)?,
        message: row.get(5)?,
        conversion: None,
        read: row.get(7)?,
        created_at: row.get(8)?,
    };
    Ok((notification, row.get(6)?))
}

const SELECT: &str =
    "SELECT blue_id, green_id, user_id, kind, title, message, conversion_id, is_read, created_at
    FROM notifications";

fn about(
    connection: &Connection,
    (mut notification, conversion): (Notification, Option<i64>),
) -> rusqlite::Result<Notification> {
    notification.conversion =
        conversion.map(|id| conversions::read(connection, id)).transpose()?.map(Box::new);
    Ok(notification)
}

/// Keeps a message and tells it to whoever listens. One that cannot be kept is told in the log only.
pub(crate) async fn send(
    app: &Arc<App>,
    user_id: i64,
    kind: &'static str,
    title: &str,
    message: &str,
    conversion: Option<i64>,
) {
    let (title, message) = (title.to_owned(), message.to_owned());
    let now = app.clock.now();
    let kept = app
        .db
        .call(move |connection| Ok(keep(connection, user_id, kind, &title, &message, conversion, now)?))
        .await;
    if let Ok(notification) = kept {
        app.tell(News::Notification(Box::new(notification)));
    }
}

pub(crate) fn keep(
    connection: &Connection,
    user_id: i64,
    kind: &str,
    title: &str,
    message: &str,
    conversion: Option<i64>,
    now: i64,
) -> rusqlite::Result<Notification> {
    let ids = Ids::new();
    connection.execute(
        "INSERT INTO notifications (blue_id, green_id, user_id, kind, title, message, conversion_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![ids.blue, ids.green, user_id, kind, title, message, conversion, now],
    )?;
    let row = connection.query_row(&format!("{SELECT} WHERE blue_id = ?1"), [&ids.blue], read)?;
    about(connection, row)
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    params: Params,
) -> Result<Response, ApiError> {
    let window = params.window(&ctx, MOST_NOTIFICATIONS)?;
    let unread_only = params.flag("unread_only")?.unwrap_or_default();
    let (notifications, total) = app
        .db
        .call(move |connection| {
            let condition = "WHERE user_id = ?1 AND NOT (?2 AND is_read)";
            let total = connection
                .prepare_cached(&format!("SELECT count(*) FROM notifications {condition}"))?
                .query_row(params![session.user_id, unread_only], |row| row.get(0))?;
            let rows: Vec<_> = connection
                .prepare_cached(&format!("{SELECT} {condition} ORDER BY id DESC LIMIT ?3 OFFSET ?4"))?
                .query_map(params![session.user_id, unread_only, window.limit, window.offset], read)?
                .collect::<Result<_, _>>()?;
            let notifications: Vec<Notification> =
                rows.into_iter().map(|row| about(connection, row)).collect::<Result<_, _>>()?;
            Ok((notifications, total))
        })
        .await?;
    let wire = ctx.wire();
    let rows: Vec<_> = notifications.iter().map(|one| wire.notification(one)).collect();
    Ok(wire.listed("Notifications", json!({ "notifications": rows }), Page { window, total }))
}

pub(crate) async fn mark_read(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let column = id_column(ctx.dialect);
    let found = app
        .db
        .call(move |connection| {
            Ok(connection.execute(
                &format!("UPDATE notifications SET is_read = 1 WHERE user_id = ?1 AND {column} = ?2"),
                params![session.user_id, id],
            )?)
        })
        .await?;
    if found == 0 {
        return Err(ApiError::not_found("Notification"));
    }
    Ok(wire::ok("Notification read", Value::Null))
}

pub(crate) async fn mark_all_read(
    State(app): State<Arc<App>>,
    session: Session,
) -> Result<Response, ApiError> {
    app.db
        .call(move |connection| {
            connection
                .execute("UPDATE notifications SET is_read = 1 WHERE user_id = ?1", [session.user_id])?;
            Ok(())
        })
        .await?;
    Ok(wire::ok("All notifications read", Value::Null))
}
