//! What the new backend says: snake_case, FastAPI's `detail`, and, as planned, its own faults.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Wire, fields};
use crate::errors::{ApiError, Source};
use crate::songs::Song;
use crate::users::User;

pub(super) fn song(wire: &Wire<'_>, song: &Song) -> Map<String, Value> {
    let ids = &song.demo.external_ids;
    let mut external = Map::new();
    for (name, id) in [("spotify", &ids.spotify), ("youtube", &ids.youtube), ("lastfm", &ids.lastfm)] {
        if let Some(id) = id {
            external.insert(name.to_owned(), id.clone().into());
        }
    }
    fields(json!({
        "id": song.ids.green,
        "title": song.demo.title,
        "artist": song.demo.artist,
        "album": (!song.demo.album.is_empty()).then_some(&song.demo.album),
        "language": song.demo.language,
        "duration": super::duration(song),
        "genre": super::genre(song),
        "release_year": song.demo.release_year,
        "popularity": song.demo.popularity,
        "explicit": song.demo.explicit,
        "thumbnail_url": wire.cover(song),
        "external_ids": wire.column(Value::Object(external)),
        "audio_files": wire.column(wire.audio_files(song)),
        "created_at": wire.time(song.created_at),
    }))
}

pub(super) fn user(wire: &Wire<'_>, user: &User) -> Map<String, Value> {
    fields(json!({
        "id": user.ids.green,
        "phone_number": user.number,
        "country_code": user.country_code,
        "is_verified": true,
        "name": user.name,
        "avatar_url": user.avatar_address(wire.dialect),
        "preferences": wire.column(user.preferences.clone()),
        "created_at": wire.time(user.created_at),
        "last_login_at": wire.time_or_null(user.last_login_at),
    }))
}

/// As planned, a handler's own 4xx falls into its catch-all and leaves as a 500 that quotes it.
pub(super) fn refusal(error: &ApiError, as_planned: bool) -> (StatusCode, Value) {
    if let Some(field) = &error.field {
        let mut loc = vec![field.place];
        if !field.name.is_empty() {
            loc.push(&field.name);
        }
        let body = json!({ "detail": [{ "type": field.kind, "loc": loc, "msg": error.message }] });
        return (StatusCode::UNPROCESSABLE_ENTITY, body);
    }
    if as_planned && error.source == Source::Handler && error.status.is_client_error() {
        let detail = format!("{}: {}", error.status.as_u16(), error.message);
        return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "detail": detail }));
    }
    (error.status, json!({ "detail": error.message }))
}
