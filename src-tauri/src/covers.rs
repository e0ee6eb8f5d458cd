//! Covers, under `cover://localhost/SONG_ID?side=PIXELS` (on Windows `http://cover.localhost/…`).

use melody_model::SongId;
use tauri::http::{Response, StatusCode, Uri, header};

use crate::backend::Backend;

/// The scheme's name.
pub const SCHEME: &str = "cover";

/// The answer to a request for this address.
pub async fn answer(backend: Backend, address: &Uri) -> Response<Vec<u8>> {
    let song: Option<SongId> = address.path().trim_start_matches('/').parse().ok();
    let side = address.query().and_then(|query| query.strip_prefix("side=")?.parse().ok());
    let cover = match (song.zip(side), backend.host().await) {
        (Some((song, side)), Some(host)) => host.cover(song, side).await.ok(),
        _ => None,
    };
    cover
        .and_then(|cover| {
            let found = Response::builder()
                .header(header::CONTENT_TYPE, cover.mime)
                .header(header::CACHE_CONTROL, "private, max-age=86400")
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
            found.body(cover.bytes).ok()
        })
        .unwrap_or_else(|| {
            let mut missing = Response::new(Vec::new());
            *missing.status_mut() = StatusCode::NOT_FOUND;
            missing
        })
}
