//! Covers, under `cover://localhost/SONG_ID` (on Windows `http://cover.localhost/SONG_ID`).

use melody_model::SongId;
use tauri::http::{Response, StatusCode, header};

use crate::backend::Backend;

/// The scheme's name.
pub const SCHEME: &str = "cover";

/// The answer to a request for this path.
pub async fn answer(backend: Backend, path: &str) -> Response<Vec<u8>> {
    let asked: Option<SongId> = path.trim_start_matches('/').parse().ok();
    let cover = match (asked, backend.host().await) {
        (Some(song), Some(host)) => host.cover(song).await.ok(),
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
