//! The screen's own files, built into the program.

use axum::{
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Screen;

/// Files whose names hold a hash of what is in them never change.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub(super) async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let asked = if path.is_empty() { "index.html" } else { path };
    match Screen::get(asked) {
        Some(file) => {
            let kind = file.metadata.mimetype().to_owned();
            let keep = if asked.starts_with("assets/") { FOR_EVER } else { "no-cache" };
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep.to_owned())], file.data)
                .into_response()
        }
        None if asked == "index.html" => (
            StatusCode::NOT_FOUND,
            "This melody was built without its screens: build them with “cargo xtask ui”.",
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
