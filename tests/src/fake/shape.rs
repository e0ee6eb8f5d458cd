//! How the fake says what it means: the dialect's names, bent by the quirks.

use serde_json::{Map, Value, json};

use super::world::{Dialect, Quirk, World};

/// Fields that are JSON columns: their inside is as stored, in either dialect.
const COLUMNS: &[&str] = &["external_ids", "audio_files", "metadata", "preferences"];

impl World {
    pub(super) fn song(&self, index: usize, in_full: bool) -> Value {
        let song = &self.songs[index];
        let mut fields = json!({
            "id": self.song_id(index),
            "title": song.title,
            "artist": song.artist,
            "album": null,
            "language": song.language,
            "duration": 2,
            "genre": ["Filmi", "Pop"],
            "release_year": 1999,
            "popularity": 50 + index,
            "explicit": false,
            "thumbnail_url": self.address(&format!("/covers/{index}.png")),
            "audio_files": self.audio_files(index),
            "created_at": self.time(index),
        });
        let ids = json!({ "spotify": format!("spotify-{index}") });
        match self.dialect {
            Dialect::Green => fields["external_ids"] = ids,
            Dialect::Blue => {
                let spotify = json!({ "id": ids["spotify"], "previewUrl": null, "available": true });
                fields["sources"] = json!({ "spotify": spotify });
                fields["thumbnail"] = fields["thumbnail_url"].take();
                fields.as_object_mut().unwrap().remove("thumbnail_url");
            }
        }
        if in_full {
            fields["lyrics"] = json!("la la la");
            fields["metadata"] = json!({ "bpm": 96, "key": "D minor", "energy": 0.5 });
        }
        self.named(fields)
    }

    fn audio_files(&self, index: usize) -> Value {
        let song = &self.songs[index];
        let here = song.sound.as_ref().map(|_| self.sound_of(index));
        let mut files = Map::new();
        for (name, address) in [
            ("original", song.elsewhere.clone().or(here)),
            ("instrumental", song.instrumental.map(|other| self.sound_of(other))),
        ] {
            let Some(address) = address else { continue };
            let plain = self.is(Quirk::PlainRenditions);
            let file =
                if plain { json!(address) } else { json!({ "url": address, "format": song.extension }) };
            files.insert(name.to_owned(), file);
        }
        files.into()
    }

    fn sound_of(&self, index: usize) -> String {
        let extension = self.songs[index].extension;
        self.address(&format!("/media/{index}.{extension}?signature={}", self.signature))
    }

    fn address(&self, path: &str) -> String {
        if self.is(Quirk::FullAddresses) { format!("{}{path}", self.origin) } else { path.to_owned() }
    }

    pub(super) fn entry(&self, song: usize) -> Value {
        let instrumental = self.songs[song].instrumental_of_entry.map(|other| self.sound_of(other));
        // `track` is a song already in shape, so it is put in after the rest is named.
        let mut entry = self.named(json!({
            "library_id": self.entry_id(song),
            "added_at": self.time(song),
            "play_count": 3,
            "last_played_at": null,
            "has_instrumental": instrumental.is_some(),
            "instrumental_status": instrumental.as_ref().map(|_| "completed"),
            "instrumental_url": instrumental,
        }));
        entry["track"] = self.song(song, false);
        entry
    }

    pub(super) fn user(&self) -> Value {
        let preferences = json!({ "languages": ["hi"], "autoConvertToInstrumental": false });
        let user = match self.dialect {
            Dialect::Green => json!({ "name": "Meher", "avatar_url": null, "preferences": preferences }),
            Dialect::Blue => {
                json!({ "profile": { "name": "Meher", "avatar": null, "preferences": preferences } })
            }
        };
        let mut user = self.named(user);
        user["id"] = json!(match self.ids() {
            Dialect::Blue => "65f0a1b2c3d4e5f601234567",
            Dialect::Green => "b6a7e1de-0000-4000-8000-00000000beef",
        });
        user
    }

    /// The page of a list, under `name`.
    pub(super) fn page(&self, name: &str, items: Vec<Value>, window: (usize, usize)) -> Value {
        let (limit, offset) = window;
        let mut items = items;
        if self.is(Quirk::MalformedItem) && !items.is_empty() {
            items.insert(0, json!({ "id": { "not": "an id" }, "title": 7 }));
        }
        let total = items.len();
        let items: Vec<Value> = items.into_iter().skip(offset).take(limit).collect();
        let mut body = json!({ "success": true, "data": { name: items }, "message": "" });
        if !self.is(Quirk::NoPagination) {
            body["pagination"] = self.named(json!({
                "page": offset / limit + 1,
                "limit": limit,
                "total": total,
                "total_pages": total.div_ceil(limit),
            }));
        }
        body
    }

    /// An object's fields, named and typed as the quirks will have it.
    pub(super) fn named(&self, object: Value) -> Value {
        let Value::Object(fields) = object else { return object };
        let mut out = Map::new();
        for (name, value) in fields {
            let column = COLUMNS.contains(&name.as_str());
            if value.is_null() && self.is(Quirk::Absent) {
                continue;
            }
            let value = match value {
                Value::Object(_) if column && self.is(Quirk::ColumnsAsStrings) => value.to_string().into(),
                Value::Object(_) if !column => self.named(value),
                Value::Array(genres) if name == "genre" && self.is(Quirk::GenreAsString) => {
                    genres.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into()
                }
                Value::Number(number) if self.is(Quirk::NumbersAsStrings) => number.to_string().into(),
                Value::Number(number) if self.is(Quirk::NumbersAsFloats) => number.as_f64().into(),
                other => other,
            };
            out.insert(self.spelled(&name), value);
        }
        if self.is(Quirk::Nulls) {
            out.insert("album".to_owned(), Value::Null);
            out.insert(self.spelled("last_login_at"), Value::Null);
        }
        if self.is(Quirk::UnknownFields) {
            out.insert("shelf".to_owned(), json!({ "row": 7, "tags": ["a"] }));
        }
        Value::Object(out)
    }

    fn spelled(&self, name: &str) -> String {
        let camel_by_nature = self.dialect == Dialect::Blue;
        let camel_here = if self.is(Quirk::OtherCase) {
            !camel_by_nature
        } else if self.is(Quirk::MixedCase) {
            name.len().is_multiple_of(2)
        } else {
            camel_by_nature
        };
        if camel_here { camel(name) } else { name.to_owned() }
    }

    fn time(&self, index: usize) -> Value {
        let text = if self.is(Quirk::NaiveTimes) {
            format!("2024-03-01T10:{index:02}:00.123456")
        } else if self.is(Quirk::OffsetTimes) {
            format!("2024-03-01T15:{:02}:00+05:30", index + 30)
        } else {
            format!("2024-03-01T10:{index:02}:00Z")
        };
        text.into()
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        all.push_str(letters.as_str());
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case() {
        assert_eq!(camel("last_played_at"), "lastPlayedAt");
        let world = World::new(Dialect::Blue, &[Quirk::OtherCase], Vec::new(), String::new());
        assert_eq!(world.spelled("otp_id"), "otp_id");
        let world = World::new(Dialect::Blue, &[], Vec::new(), String::new());
        assert_eq!(world.spelled("otp_id"), "otpId");
    }
}
