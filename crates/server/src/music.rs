//! Finding songs: search, one song in full, what is trending.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::app::{App, Ctx};
use crate::errors::ApiError;
use crate::input::{Params, Window};
use crate::songs::{self, Search};
use crate::text;
use crate::wire::{self, Page};

const MOST_RESULTS: i64 = 50;

pub(crate) async fn search(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    params: Params,
) -> Result<Response, ApiError> {
    let query = params
        .get("q")
        .ok_or_else(|| ApiError::invalid("query", "q", "missing", "Field required"))?
        .to_owned();
    // The plan's search has no `type`: whatever is asked, it looks everywhere.
    let column =
        if ctx.as_planned() { "" } else { params.choice("type", &["", "track", "artist", "album"])? };
    let column = match column {
        "" => None,
        "track" => Some("title"),
        other => Some(other),
    };
    let source = match params.choice("source", &["all", "spotify", "youtube", "lastfm"])? {
        "all" => None,
        one => Some(one),
    };
    let needle = text::needle(&query, column);
    if needle.is_none() && !ctx.as_planned() {
        let message = "String should have at least 1 character";
        return Err(ApiError::invalid("query", "q", "string_too_short", message));
    }
    let window = params.window(&ctx, MOST_RESULTS)?;
    let wanted = Search {
        needle,
        column,
        language: params.get("language").map(str::to_owned),
        source,
        limit: window.limit,
        offset: window.offset,
    };
    let (found, total) = app.db.call(move |connection| Ok(songs::search(connection, &wanted)?)).await?;
    let wire = ctx.wire();
    let tracks: Vec<_> = found.iter().map(|song| wire.song(song)).collect();
    Ok(wire.listed("Search completed successfully", json!({ "tracks": tracks }), Page { window, total }))
}

pub(crate) async fn track(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let dialect = ctx.dialect;
    let song = app
        .db
        .call(move |connection| Ok(songs::find(connection, dialect, &id)?))
        .await?
        .ok_or_else(|| ApiError::not_found("Song"))?;
    let wire = ctx.wire();
    Ok(wire::ok("Track found", json!({ "track": wire.full_song(&song) })))
}

pub(crate) async fn trending(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    params: Params,
) -> Result<Response, ApiError> {
    let timeframe = params.choice("timeframe", &["weekly", "daily", "monthly"])?;
    let Window { limit, .. } = params.window(&ctx, MOST_RESULTS)?;
    let language = params.get("language").map(str::to_owned);
    let asked = language.clone();
    let found =
        app.db.call(move |connection| Ok(songs::trending(connection, asked.as_deref(), limit)?)).await?;
    let wire = ctx.wire();
    let tracks: Vec<_> = found.iter().map(|song| wire.song(song)).collect();
    let data = json!({ "tracks": tracks, "timeframe": timeframe, "language": language });
    Ok(wire::ok("Trending tracks", data))
}
