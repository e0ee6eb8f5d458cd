//! What the old backend says: camelCase, an envelope, moments that end in `Z`.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Wire, fields};
use crate::errors::ApiError;
use crate::input::camel;
use crate::songs::Song;
use crate::users::User;

pub(super) fn song(wire: &Wire<'_>, song: &Song) -> Map<String, Value> {
    let ids = &song.demo.external_ids;
    let at = |id: &Option<String>, key: &str, address: &dyn Fn(&str) -> String| match id {
        Some(id) => json!({ "id": id, key: address(id), "available": true }),
        None => json!({ "id": null, key: null, "available": false }),
    };
    fields(json!({
        "id": song.ids.blue,
        "title": song.demo.title,
        "artist": song.demo.artist,
        "album": (!song.demo.album.is_empty()).then_some(&song.demo.album),
        "language": song.demo.language,
        "duration": super::duration(song),
        "genre": super::genre(song),
        "releaseYear": song.demo.release_year,
        "popularity": song.demo.popularity,
        "explicit": song.demo.explicit,
        "thumbnail": wire.cover(song),
        "sources": {
            "spotify": at(&ids.spotify, "previewUrl", &|id| format!("https://p.scdn.co/mp3-preview/{id}")),
            "youtube": at(&ids.youtube, "url", &|id| format!("https://www.youtube.com/watch?v={id}")),
            "lastfm": at(&ids.lastfm, "url", &|id| format!("https://www.last.fm/mbid/{id}")),
        },
        "audioFiles": wire.audio_files(song),
        "createdAt": wire.time(song.created_at),
    }))
}

pub(super) fn user(wire: &Wire<'_>, user: &User) -> Map<String, Value> {
    fields(json!({
        "id": user.ids.blue,
        "phoneNumber": user.number,
        "countryCode": user.country_code,
        "isVerified": true,
        "profile": {
            "name": user.name,
            "avatar": user.avatar_address(wire.dialect),
            "preferences": user.preferences,
        },
        "createdAt": wire.time(user.created_at),
        "lastLoginAt": wire.time_or_null(user.last_login_at),
    }))
}

pub(super) fn refusal(error: &ApiError) -> (StatusCode, Value) {
    let mut details = error.details.clone();
    if let Some(field) = &error.field {
        details = json!({ "field": camel(&field.name), "issue": error.message });
    }
    let body = json!({
        "success": false,
        "message": error.message,
        "error": { "code": error.code, "details": details },
    });
    (error.status, body)
}
