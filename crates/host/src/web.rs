//! The screen for a browser on this machine: `melody web`. Loopback only; the address holds a token that works once.

mod guard;
mod screen;

use std::{io, net::Ipv4Addr};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, stream};
use melody_core::{Code, ErrorReport};
use melody_model::SongId;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::{Host, Request, web::guard::Guard};

/// The longest request: a play of 10,000 songs by their ids.
const LONGEST_REQUEST: usize = 1 << 20;

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Web {
    listener: TcpListener,
    guard: Guard,
    address: String,
}

impl Web {
    /// Binds a port of this machine's loopback; 0 for any.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        let guard = Guard::new(port);
        let address = format!("http://127.0.0.1:{port}/?token={}", guard.invitation());
        Ok(Self { listener, guard, address })
    }

    /// Where a browser finds the screen. It works for one browser: the first that comes.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves until it is dropped: a stream of events never ends by itself, and every change is on the disk already.
    pub async fn serve(self, host: Host) -> io::Result<()> {
        let router = Router::new()
            .route("/call", post(call))
            .route("/events", get(events))
            .route("/cover/{song}", get(cover))
            .fallback(get(screen::file))
            .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
            .layer(from_fn_with_state(self.guard, guard::check))
            .with_state(host);
        axum::serve(self.listener, router).await
    }
}

async fn call(
    State(host): State<Host>,
    request: Result<Json<Request>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let refused = |status, report: ErrorReport| (status, Json(json!({ "error": report }))).into_response();
    match request {
        // A page that is reloaded takes its connection with it, and must not cut short what it asked for.
        Ok(Json(request)) => match tokio::spawn(async move { host.call(request).await }).await {
            Ok(Ok(answer)) => Json(answer).into_response(),
            Ok(Err(report)) => refused(StatusCode::UNPROCESSABLE_ENTITY, report),
            Err(e) => refused(StatusCode::INTERNAL_SERVER_ERROR, melody_core::Error::internal(e).report()),
        },
        Err(e) => refused(e.status(), ErrorReport::local(Code::Usage, "This request cannot be read.".into())),
    }
}

async fn events(State(host): State<Host>) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let told = stream::unfold(host.events(), |mut events| async move {
        let told = events.next().await?;
        Some((Event::default().json_data(told), events))
    });
    Sse::new(told).keep_alive(KeepAlive::default())
}

/// `side`: pixels of the place where it is shown.
#[derive(Deserialize)]
struct Shown {
    side: u32,
}

async fn cover(
    State(host): State<Host>,
    Path(song): Path<SongId>,
    Query(Shown { side }): Query<Shown>,
) -> Response {
    match host.cover(song, side).await {
        Ok(cover) => (
            [(header::CONTENT_TYPE, cover.mime), (header::CACHE_CONTROL, "private, max-age=86400")],
            cover.bytes,
        )
            .into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
