//! What a listener hears: a song played to a real sound server, listened to at its sink.
//! Alone in its file, so that no other test takes the time that sound needs.
#![allow(clippy::unwrap_used, reason = "a test ends where an answer is not as it must be")]

use std::ffi::OsString;

use melody_e2e::{
    hearing::hearing,
    media,
    melody::{Melody, text},
    pulse::{IN_TIME, SoundServer},
    service::Service,
    signal::RATE,
};
use serde_json::Value;

/// The address of a song's own sound, for ffmpeg.
fn sound_of(melody: &Melody, service: &Service, id: &str) -> String {
    let song = melody.json(&["song", id]);
    let url = text(&song["song"]["audio_files"]["original"]["url"]);
    if url.starts_with("http") { url } else { format!("{}{url}", service.address()) }
}

#[test]
fn sound_server_hears_the_song_whole_and_without_a_gap() {
    let service = Service::start(&[]);
    let server = SoundServer::start();
    let mut melody = Melody::on(service.address()).inside(&IN_TIME.map(OsString::from));
    for (name, value) in server.environment() {
        melody = melody.env(name, value);
    }
    let id = melody.ids("दिल", 1).remove(0);
    let meant = media::decoded(&sound_of(&melody, &service, &id));
    let mut played = Value::Null;
    let found = hearing(&meant, || {
        let recording = server.record();
        played = melody.json(&["play", &id, "--to", "device"]);
        recording.after(1.0)
    });
    assert!(found.correlation >= 0.99, "{found:?}");
    assert!(found.worst.1 >= 0.9, "something is missing or moved: {found:?}");
    assert_eq!(found.frames, meant.len() / 2, "the end was not heard: {found:?}");
    let seconds = played["played"][0]["seconds"].as_f64().unwrap();
    assert!((seconds - meant.len() as f64 / 2.0 / RATE as f64).abs() < 0.1, "{played}");
}
