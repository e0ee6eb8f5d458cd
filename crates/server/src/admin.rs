//! What operators and scripts call: health, version, maintenance.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::{App, Ctx};
use crate::errors::ApiError;
use crate::options::Dialect;
use crate::wire;

fn release(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Blue => "1.8.2",
        Dialect::Green => "2.0.0",
    }
}

pub(crate) async fn health(State(app): State<Arc<App>>, ctx: Ctx) -> Response {
    let now = app.clock.now();
    let wire = ctx.wire();
    let health = json!({
        "status": "healthy",
        "version": release(ctx.dialect),
        "timestamp": wire.time(now),
        "uptime": (now - app.started_at) / 1_000_000,
    });
    match ctx.dialect {
        Dialect::Blue => wire::ok("Service is healthy", health),
        Dialect::Green => Json(health).into_response(),
    }
}

pub(crate) async fn blue_version(ctx: Ctx) -> Result<Response, ApiError> {
    ctx.only(Dialect::Blue)?;
    let data = json!({ "version": release(ctx.dialect), "apiVersion": "v1", "runtime": "node" });
    Ok(wire::ok("Version", data))
}

pub(crate) async fn green_version(ctx: Ctx) -> Result<Response, ApiError> {
    ctx.only(Dialect::Green)?;
    let data = json!({ "version": release(ctx.dialect), "api_version": "v1", "runtime": "python" });
    Ok(wire::ok("Version", data))
}

pub(crate) async fn enable_maintenance(State(app): State<Arc<App>>) -> Response {
    set_maintenance(&app, true);
    wire::ok("Maintenance enabled", json!({ "maintenance": true }))
}

pub(crate) async fn disable_maintenance(State(app): State<Arc<App>>) -> Response {
    set_maintenance(&app, false);
    wire::ok("Maintenance disabled", json!({ "maintenance": false }))
}

/// Off also ends what a fault began.
pub(crate) fn set_maintenance(app: &App, on: bool) {
    let mut switches = app.switches();
    switches.maintenance = on;
    switches.refusals_left = 0;
}
