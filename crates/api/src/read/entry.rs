//! Saved songs, in either backend's form: the song within the entry or beside it.

use melody_model::{AudioFile, RemoteEntry, RemoteSong, Rendition};
use serde_json::Value;

use super::{
    envelope::Payload,
    song::{self, id},
    time::timestamp,
    value::{self, Fields},
};
use crate::{AddedEntry, PlayCount};

/// Names under which one entry may come.
const ENTRY: &[&str] = &["library_item", "item", "entry", "library_entry", "library"];
/// Names of an entry's own id.
const LIBRARY_ID: &[&str] = &["library_id", "library_item_id", "entry_id"];

pub(crate) fn entry(value: &Value) -> Option<RemoteEntry> {
    let mut fields = Fields::of(value)?;
    let own_id = fields.read(LIBRARY_ID, id);
    let added_at = fields.read(&["added_at"], timestamp);
    let PlayCount { play_count, last_played_at } = play_count_of(&mut fields);
    let has_instrumental = fields.read(&["has_instrumental"], value::truth);
    let instrumental_url = fields.read(&["instrumental_url"], song::address);
    let nested = fields.read(&["track", "song"], |v| value::object(v).map(Value::Object));
    let (server_id, mut song, mut extra) = if let Some(nested) = nested {
        let server_id = own_id.or_else(|| fields.read(&["id", "_id"], id))?;
        let track_id = fields.read(&["track_id", "song_id"], id);
        (server_id, nested_song(&nested, track_id)?, fields.rest())
    } else {
        // Flat: the id that is left over beside the song's is the entry's, and the other way round.
        let track_id = fields.read(&["track_id", "song_id", "track", "song"], id);
        let (server_id, track_id) = match (own_id, track_id) {
            (Some(own), Some(track)) => (own, track),
            (Some(own), None) => (own, fields.read(&["id", "_id"], id)?),
            (None, Some(track)) => (fields.read(&["id", "_id"], id)?, track),
            (None, None) => return None,
        };
        let mut song = song::song_with(track_id, fields)?;
        let extra = std::mem::take(&mut song.extra);
        (server_id, song, extra)
    };
    if let Some(url) = instrumental_url {
        // Kept with the entry too: a later answer about the song alone knows nothing of it.
        extra.insert("instrumental_url".into(), Value::String(url.clone()));
        prefer_instrumental(&mut song, url);
    }
    Some(RemoteEntry {
        server_id,
        has_instrumental: has_instrumental
            .unwrap_or_else(|| song.content.audio_files.contains_key(&Rendition::Instrumental)),
        song,
        added_at,
        play_count: play_count.unwrap_or_default(),
        last_played_at,
        extra,
    })
}

/// The song within an entry; its id may be beside it.
fn nested_song(value: &Value, beside: Option<melody_model::ServerId>) -> Option<RemoteSong> {
    song::song(value).or_else(|| song::song_with(beside?, Fields::of(value)?))
}

/// The entry's address wins over the song's; what was said of another file does not hold for this one.
fn prefer_instrumental(song: &mut RemoteSong, url: String) {
    let files = &mut song.content.audio_files;
    if files.get(&Rendition::Instrumental).is_none_or(|file| file.url != url) {
        files.insert(Rendition::Instrumental, AudioFile { url, ..AudioFile::default() });
    }
}

/// What was answered when a song was saved: an entry, or only its id.
pub(crate) fn added(payload: &Payload) -> AddedEntry {
    let candidates = payload.candidates(ENTRY);
    // Under a song's name it is an entry only when it reads as one.
    if let Some(entry) = candidates.iter().chain(&payload.candidates(&["song"])).find_map(entry) {
        return AddedEntry { server_id: Some(entry.server_id.clone()), entry: Some(entry) };
    }
    let server_id = candidates.iter().find_map(|value| {
        let mut fields = Fields::of(value)?;
        fields.read(LIBRARY_ID, id).or_else(|| fields.read(&["id", "_id"], id))
    });
    AddedEntry { server_id, entry: None }
}

/// What was answered when a play was reported.
pub(crate) fn play_count(payload: &Payload) -> PlayCount {
    let mut names = ENTRY.to_vec();
    names.extend(["song", "play"]);
    payload
        .candidates(&names)
        .iter()
        .filter_map(Fields::of)
        .map(|mut fields| play_count_of(&mut fields))
        .find(|count| *count != PlayCount::default())
        .unwrap_or_default()
}

fn play_count_of(fields: &mut Fields) -> PlayCount {
    PlayCount {
        play_count: fields.read(&["play_count"], value::whole),
        last_played_at: fields.read(&["last_played_at"], timestamp),
    }
}
