//! News as they happen, by WebSocket: each user hears what concerns them, in the dialect of the address.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::app::{App, Ctx};
use crate::auth;
use crate::conversions::Conversion;
use crate::errors::ApiError;
use crate::notifications::Notification;
use crate::options::Dialect;

/// Something that happened to a user.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Conversion(Box<Conversion>),
    Notification(Box<Notification>),
}

/// What one address tells of.
#[derive(Debug, Clone, Copy)]
struct Subjects {
    conversions: bool,
    notifications: bool,
}

impl News {
    fn user_id(&self) -> i64 {
        match self {
            Self::Conversion(conversion) => conversion.user_id,
            Self::Notification(notification) => notification.user_id,
        }
    }

    /// The message, if the address tells of such things.
    fn told(&self, ctx: &Ctx, subjects: Subjects) -> Option<String> {
        let wire = ctx.wire();
        let (kind, data) = match self {
            Self::Conversion(conversion) if subjects.conversions => {
                let done = conversion.status == "completed";
                let kind = if done { "conversion_completed" } else { "conversion_progress" };
                (kind, wire.conversion(conversion))
            }
            Self::Notification(notification) if subjects.notifications => {
                ("notification", wire.notification(notification))
            }
            _ => return None,
        };
        Some(json!({ "type": kind, "data": data }).to_string())
    }
}

/// Blue's way to bring a token: a browser's WebSocket can send no header.
#[derive(Deserialize)]
pub(crate) struct Asked {
    token: Option<String>,
}

/// Blue's one address for everything.
pub(crate) async fn everything(
    app: State<Arc<App>>,
    ctx: Ctx,
    asked: Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    ctx.only(Dialect::Blue)?;
    open(app, ctx, asked, headers, upgrade, Subjects { conversions: true, notifications: true }).await
}

/// Green's address for conversions.
pub(crate) async fn conversions(
    app: State<Arc<App>>,
    ctx: Ctx,
    asked: Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    ctx.only(Dialect::Green)?;
    open(app, ctx, asked, headers, upgrade, Subjects { conversions: true, notifications: false }).await
}

/// Green's address for notifications.
pub(crate) async fn notifications(
    app: State<Arc<App>>,
    ctx: Ctx,
    asked: Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    ctx.only(Dialect::Green)?;
    open(app, ctx, asked, headers, upgrade, Subjects { conversions: false, notifications: true }).await
}

async fn open(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
    subjects: Subjects,
) -> Result<Response, ApiError> {
    let session = match asked.token {
        Some(token) => auth::of_token(&app, &token).await?,
        None => auth::signed_in(&app, &headers).await?,
    };
    // From here on nothing is missed, also what happens before the socket is open.
    let mut news = app.news.subscribe();
    Ok(upgrade.on_upgrade(move |mut socket: WebSocket| async move {
        loop {
            let told = tokio::select! {
                came = socket.recv() => match came {
                    // Nothing is asked by socket; the library answers pings by itself.
                    Some(Ok(_)) => continue,
                    _ => break,
                },
                happened = news.recv() => match happened {
                    Ok(news) if news.user_id() == session.user_id => news.told(&ctx, subjects),
                    Ok(_) | Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => break,
                },
            };
            if let Some(told) = told
                && socket.send(Message::Text(told.into())).await.is_err()
            {
                break;
            }
        }
    }))
}
