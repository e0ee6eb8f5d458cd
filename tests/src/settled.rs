//! A listener who has settled in: signed in at the fake, with a song saved.

use crate::{
    fake::{Dialect, Fake, Quirk, Song},
    media,
    melody::Melody,
};

/// A service with three songs; the last one has no sound.
pub fn fake() -> Fake {
    fake_with(Dialect::Green, &[])
}

pub fn fake_with(dialect: Dialect, quirks: &[Quirk]) -> Fake {
    let songs = vec![
        Song::new("दिल की बात", "wav", Some(media::wav(1.0))),
        Song::new("Monsoon Letters", "wav", Some(media::wav(1.0))),
        Song::new("Sannata", "wav", None),
    ];
    Fake::start(dialect, quirks, songs)
}

/// Signed in, with the first song saved, and the ids of all.
pub fn settled(fake: &Fake) -> (Melody, Vec<String>) {
    let melody = Melody::on(&fake.address());
    melody.login();
    let ids = melody.all_ids();
    let added = melody.json(&["library", "add", &ids[0]]);
    assert_eq!(added["entries"][0]["pending"], false, "{added}");
    (melody, ids)
}

/// Nothing is lost: the saved song is there, and who is signed in.
pub fn intact(melody: &Melody) {
    assert_eq!(melody.saved_titles(), ["दिल की बात"]);
    assert_eq!(melody.json(&["whoami"])["user"]["phone_masked"], "+91 ••••••3210");
}
