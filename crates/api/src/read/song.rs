//! Songs, in either backend's form.

use std::collections::BTreeMap;

use melody_model::{
    AudioFile, AudioFiles, JsonMap, RemoteSong, Rendition, ServerId, SongContent, SongDetails,
};
use serde_json::Value;

use super::{
    envelope::Payload,
    value::{self, Fields},
};

/// The song that an answer is about.
pub(crate) fn answered(payload: &Payload) -> Option<RemoteSong> {
    payload.candidates(&["track", "song"]).iter().find_map(song)
}

/// A song needs an id and a title; everything else may be missing.
pub(crate) fn song(value: &Value) -> Option<RemoteSong> {
    let mut fields = Fields::of(value)?;
    let server_id = fields.read(&["id", "_id", "track_id", "song_id"], id)?;
    song_with(server_id, fields)
}

/// The same, when the id was found elsewhere.
pub(crate) fn song_with(server_id: ServerId, mut fields: Fields) -> Option<RemoteSong> {
    let title = fields.read(&["title"], value::text)?;
    let metadata = fields.read(&["metadata"], value::object);
    // In storage form these three lie in the metadata; they are read there and left there.
    let mut stored =
        metadata.clone().map(|m| Fields::of(&Value::Object(m)).unwrap_or_default()).unwrap_or_default();
    let artist = fields.read(&["artist", "artists", "artist_name"], names).unwrap_or_default();
    let popularity = fields
        .read(&["popularity"], value::number)
        .or_else(|| stored.read(&["popularity"], value::number))
        .unwrap_or_default();
    let content = SongContent {
        title,
        artist,
        album: fields.read(&["album", "album_name"], name),
        language: fields.read(&["language"], value::text).map(|l| l.to_lowercase()),
        duration_s: fields.read(&["duration", "duration_s", "duration_seconds"], value::small),
        genre: fields.read(&["genre", "genres"], value::words).unwrap_or_default(),
        release_year: fields
            .read(&["release_year"], value::year)
            .or_else(|| stored.read(&["release_year"], value::year)),
        popularity: popularity.round().clamp(0.0, 100.0) as u32,
        explicit: fields
            .read(&["explicit"], value::truth)
            .or_else(|| stored.read(&["explicit"], value::truth))
            .unwrap_or_default(),
        thumbnail_url: fields.read(&["thumbnail_url", "thumbnail"], value::text),
        external_ids: external_ids(&mut fields),
        audio_files: audio_files(&mut fields),
    };
    let details = SongDetails { lyrics: fields.read(&["lyrics"], value::text), metadata };
    Some(RemoteSong { server_id, content, details, extra: fields.rest() })
}

/// An id: a text or a number; also as MongoDB writes one that nobody made a text of.
pub(crate) fn id(value: &Value) -> Option<ServerId> {
    value::text(value).or_else(|| value::text(value.as_object()?.get("$oid")?)).map(ServerId)
}

/// A name, or an object that has one.
fn name(value: &Value) -> Option<String> {
    value::text(value).or_else(|| Fields::of(value)?.read(&["name", "title"], value::text))
}

/// One name, or several in a row.
fn names(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            let names: Vec<_> = items.iter().filter_map(name).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => name(value),
    }
}

/// Both forms: `sources.<name>` as an object with an id, `external_ids.<name>` as an id or such an object. What
/// else a source says (where it is, whether it is available) stays under its own name.
fn external_ids(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (column, plain) in [("external_ids", true), ("sources", false)] {
        let Some(mut map) = fields.read(&[column], value::object) else { continue };
        map.retain(|name, value| {
            let id = value::text(value).or_else(|| Fields::of(value)?.read(&["id"], value::text));
            let told = match (&id, &*value) {
                (Some(_), Value::String(_) | Value::Number(_)) => true,
                (_, value) => value.is_null(),
            };
            if let Some(id) = id {
                ids.entry(name.clone()).or_insert(id);
            }
            !told
        });
        if !map.is_empty() {
            fields.keep(if plain { "external_ids" } else { "sources" }, Value::Object(map));
        }
    }
    ids
}

fn audio_files(fields: &mut Fields) -> AudioFiles {
    let mut files = AudioFiles::new();
    let Some(mut map) = fields.read(&["audio_files"], value::object) else { return files };
    for rendition in [Rendition::Original, Rendition::Instrumental] {
        if let Some(file) = map.get(rendition.as_str()).and_then(audio_file) {
            map.remove(rendition.as_str());
            files.insert(rendition, file);
        }
    }
    keep_rest(fields, "audio_files", map);
    files
}

fn keep_rest(fields: &mut Fields, name: &str, mut map: JsonMap) {
    map.retain(|_, value| !value.is_null());
    if !map.is_empty() {
        fields.keep(name, Value::Object(map));
    }
}

/// An address, or an object with one.
fn audio_file(value: &Value) -> Option<AudioFile> {
    if let Some(mut fields) = Fields::of(value) {
        return Some(AudioFile {
            url: fields.read(&["url"], address)?,
            format: fields.read(&["format"], value::text),
            bitrate: fields.read(&["bitrate"], value::small),
            size: fields.read(&["size"], value::whole),
            duration: fields.read(&["duration"], value::number),
        });
    }
    address(value).map(|url| AudioFile { url, ..AudioFile::default() })
}

pub(crate) fn address(value: &Value) -> Option<String> {
    value::text(&Value::String(value.as_str()?.to_owned()))
}
