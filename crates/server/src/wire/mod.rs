//! From what the service means to what the dialect says.

mod blue;
mod green;

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::app::{App, Ctx};
use crate::conversions::Conversion;
use crate::errors::ApiError;
use crate::input::{Window, spelled};
use crate::library::Entry;
use crate::media;
use crate::notifications::Notification;
use crate::options::Dialect;
use crate::songs::{Origin, Song};
use crate::users::{Stats, User};

/// One answer's dialect.
pub(crate) struct Wire<'a> {
    app: &'a App,
    dialect: Dialect,
    as_planned: bool,
}

/// Where a page lies in its list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub window: Window,
    pub total: i64,
}

/// In the demo, the song in this place has an address in place of an object for its instrumental…
const PLAIN_ADDRESS: i64 = 4;
/// …and this one a duration in quotes and its genres in one string.
const LOOSE_TYPES: i64 = 6;
/// Every so manieth song's addresses are absolute, the others relative to the service.
const ABSOLUTE_EVERY: i64 = 5;

impl<'a> Wire<'a> {
    pub fn new(app: &'a App, dialect: Dialect) -> Self {
        Self { app, dialect, as_planned: dialect == Dialect::Green && app.options.as_planned }
    }

    /// A success with a page of a list.
    pub fn listed(&self, message: &str, data: Value, page: Page) -> Response {
        let pagination = self.named(json!({
            "page": self.page_number(page.window),
            "limit": page.window.limit,
            "total": page.total,
            "total_pages": (page.total + page.window.limit - 1) / page.window.limit,
        }));
        Json(json!({ "success": true, "data": data, "message": message, "pagination": pagination }))
            .into_response()
    }

    /// The plan rounds down, so that a page which begins in the middle of another claims to be it.
    fn page_number(&self, window: Window) -> i64 {
        if self.as_planned {
            window.offset / window.limit + 1
        } else {
            (window.offset + window.limit - 1) / window.limit + 1
        }
    }

    /// The fields of a flat object, as the dialect spells them.
    pub fn named(&self, object: Value) -> Value {
        match object {
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (spelled(self.dialect, &name), value))
                    .collect::<Map<_, _>>(),
            ),
            other => other,
        }
    }

    /// A moment, in microseconds since 1970.
    pub fn time(&self, micros: i64) -> Value {
        let Ok(moment) = Timestamp::from_microsecond(micros) else { return Value::Null };
        let form = match self.dialect {
            Dialect::Blue => "%Y-%m-%dT%H:%M:%S%.3fZ",
            Dialect::Green if self.as_planned => "%Y-%m-%dT%H:%M:%S%.6f",
            Dialect::Green => "%Y-%m-%dT%H:%M:%S%.6f+00:00",
        };
        moment.strftime(form).to_string().into()
    }

    pub fn time_or_null(&self, micros: Option<i64>) -> Value {
        micros.map_or(Value::Null, |micros| self.time(micros))
    }

    /// A JSON column: a driver that does not decode leaves a string.
    fn column(&self, value: Value) -> Value {
        if self.as_planned { Value::String(value.to_string()) } else { value }
    }

    /// A song as lists have it.
    pub fn song(&self, song: &Song) -> Value {
        Value::Object(self.song_fields(song))
    }

    /// A song with lyrics and metadata.
    pub fn full_song(&self, song: &Song) -> Value {
        let mut fields = self.song_fields(song);
        let about = &song.demo.metadata;
        let metadata = json!({
            "bpm": about.bpm,
            "key": about.key,
            "energy": hundredths(about.energy),
            "danceability": hundredths(about.danceability),
        });
        fields.insert("lyrics".to_owned(), song.demo.lyrics.clone().into());
        fields.insert("metadata".to_owned(), self.column(metadata));
        Value::Object(fields)
    }

    fn song_fields(&self, song: &Song) -> Map<String, Value> {
        match self.dialect {
            Dialect::Blue => blue::song(self, song),
            Dialect::Green => green::song(self, song),
        }
    }

    /// An entry of a library.
    pub fn entry(&self, entry: &Entry) -> Value {
        let has = self.app.media.has_instrumental(&entry.song);
        self.named(json!({
            "library_id": entry.ids.of_dialect(self.dialect),
            "track": self.song(&entry.song),
            "added_at": self.time(entry.added_at),
            "play_count": entry.play_count,
            "last_played_at": self.time_or_null(entry.last_played_at),
            "has_instrumental": has,
            "instrumental_status": has.then_some("completed").or(entry.conversion.as_deref()),
            "instrumental_url": has.then(|| self.media_address(&entry.song, "instrumental")).flatten(),
        }))
    }

    /// A conversion, with its song.
    pub fn conversion(&self, conversion: &Conversion) -> Value {
        let done = conversion.status == "completed";
        self.named(json!({
            "job_id": conversion.ids.of_dialect(self.dialect),
            "library_id": conversion.entry.as_ref().map(|ids| ids.of_dialect(self.dialect)),
            "track": self.song(&conversion.song),
            "status": conversion.status,
            "progress": conversion.progress,
            "estimated_time_remaining": (!conversion.is_over()).then(|| conversion.seconds_left(self.app)),
            "created_at": self.time(conversion.created_at),
            "started_at": self.time_or_null(conversion.started_at),
            "completed_at": self.time_or_null(conversion.completed_at),
            "error": conversion.error,
            "instrumental_url": done.then(|| self.media_address(&conversion.song, "instrumental")).flatten(),
        }))
    }

    /// A message; the keys inside its JSON column are the same in both dialects.
    pub fn notification(&self, notification: &Notification) -> Value {
        let data = match &notification.conversion {
            Some(conversion) => json!({
                "jobId": conversion.ids.of_dialect(self.dialect),
                "libraryId": conversion.entry.as_ref().map(|ids| ids.of_dialect(self.dialect)),
                "trackId": conversion.song.ids.of_dialect(self.dialect),
            }),
            None => json!({}),
        };
        self.named(json!({
            "id": notification.ids.of_dialect(self.dialect),
            "type": notification.kind,
            "title": notification.title,
            "message": notification.message,
            "data": self.column(data),
            "read": notification.read,
            "created_at": self.time(notification.created_at),
        }))
    }

    /// A user, with what they have done if it is asked for.
    pub fn user(&self, user: &User, stats: Option<&Stats>) -> Value {
        let mut fields = match self.dialect {
            Dialect::Blue => blue::user(self, user),
            Dialect::Green => green::user(self, user),
        };
        if let Some(stats) = stats {
            let stats = self.named(json!({
                "total_songs": stats.songs,
                "total_playtime": stats.playtime_s,
                "total_conversions": stats.conversions,
                "joined_at": self.time(user.created_at),
            }));
            fields.insert("stats".to_owned(), stats);
        }
        Value::Object(fields)
    }

    /// `audio_files`: the keys inside a JSON column are the same in both dialects.
    fn audio_files(&self, song: &Song) -> Value {
        let mut files = Map::new();
        for file in self.app.media.files(song) {
            let address = self.address(song, &media::audio_path(song, self.dialect, &file));
            let plain =
                song.origin == Origin::Demo && song.id == PLAIN_ADDRESS && file.rendition == "instrumental";
            let value = if plain {
                address.into()
            } else {
                let mut value = json!({
                    "url": address,
                    "format": file.format,
                    "duration": song.demo.duration_s,
                });
                if let Some(size) = self.app.media.known_size(song, &file) {
                    value["size"] = size.into();
                    // Kilobits a second.
                    value["bitrate"] = (size * 8 / 1000 / u64::from(song.demo.duration_s.max(1))).into();
                }
                value
            };
            files.insert(file.rendition, value);
        }
        Value::Object(files)
    }

    fn media_address(&self, song: &Song, rendition: &str) -> Option<String> {
        let file = self.app.media.files(song).into_iter().find(|file| file.rendition == rendition)?;
        Some(self.address(song, &media::audio_path(song, self.dialect, &file)))
    }

    fn cover(&self, song: &Song) -> String {
        let id = song.ids.of_dialect(self.dialect);
        self.absolute_or_not(song, format!("/media/covers/{id}.png"))
    }

    fn address(&self, song: &Song, path: &str) -> String {
        self.absolute_or_not(song, media::signed(self.app, path))
    }

    fn absolute_or_not(&self, song: &Song, path: String) -> String {
        if song.id % ABSOLUTE_EVERY == 0 { format!("{}{path}", self.app.origin) } else { path }
    }
}

/// A success with its data.
pub(crate) fn ok(message: &str, data: Value) -> Response {
    Json(json!({ "success": true, "data": data, "message": message })).into_response()
}

/// A success that made something.
pub(crate) fn created(message: &str, data: Value) -> Response {
    (StatusCode::CREATED, ok(message, data)).into_response()
}

fn loose(song: &Song) -> bool {
    song.origin == Origin::Demo && song.id == LOOSE_TYPES
}

fn genre(song: &Song) -> Value {
    let genre = &song.demo.genre;
    if loose(song) { genre.join(", ").into() } else { genre.clone().into() }
}

fn duration(song: &Song) -> Value {
    let seconds = song.demo.duration_s;
    if loose(song) { seconds.to_string().into() } else { seconds.into() }
}

/// Without the digits that single precision invents.
fn hundredths(number: f32) -> f64 {
    (f64::from(number) * 100.0).round() / 100.0
}

/// Gives refusals the shape of the dialect.
pub(crate) async fn shape_errors(ctx: Ctx, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => {
            let mut shaped = refusal(&ctx.app, ctx.dialect, &error);
            for (name, value) in response.headers() {
                if name.as_str().starts_with("x-ratelimit") {
                    shaped.headers_mut().insert(name.clone(), value.clone());
                }
            }
            shaped
        }
        None => response,
    }
}

/// A refusal as the dialect says it.
pub(crate) fn refusal(app: &Arc<App>, dialect: Dialect, error: &ApiError) -> Response {
    let (status, body) = match dialect {
        Dialect::Blue => blue::refusal(error),
        Dialect::Green => green::refusal(error, app.options.as_planned),
    };
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().extend((*error.headers).clone());
    response
}

/// An object's fields, to add to.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
