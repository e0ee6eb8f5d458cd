//! What a listener hears: a song played to a real sound server, listened to at its sink.
//! Alone in its file, so that no other test takes the time that sound needs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where a bench or an answer is not as it must be"
)]

use std::{
    ffi::OsString,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use melody_e2e::{
    media,
    melody::{Melody, text},
    pulse::{IN_TIME, SoundServer},
    service::Service,
    signal::{Likeness, RATE, compare},
};
use serde_json::Value;

/// The address of a song's own sound, for ffmpeg.
fn sound_of(melody: &Melody, service: &Service, id: &str) -> String {
    let song = melody.json(&["song", id]);
    let url = text(&song["song"]["audio_files"]["original"]["url"]);
    if url.starts_with("http") { url } else { format!("{}{url}", service.address()) }
}

/// Plays the song and listens. A hearing with a gap counts, unless the machine itself stood still meanwhile:
/// then it says nothing about the player, and is repeated.
fn hearing(melody: &Melody, server: &SoundServer, id: &str, meant: &[f32]) -> (Likeness, Value) {
    for _ in 0..3 {
        let watch = Standstill::watch();
        let recording = server.record();
        let played = melody.json(&["play", id, "--to", "device"]);
        let heard = recording.after(1.0);
        let found = compare(&heard, meant);
        let longest = watch.longest();
        println!("heard from the sink: {found:?}; the machine stood still for at most {longest:?}");
        if found.worst.1 >= 0.9 || longest < STANDSTILL {
            return (found, played);
        }
    }
    panic!("this machine is too busy to play sound in time, by whichever program");
}

/// What the player's device buffer bridges.
const STANDSTILL: Duration = Duration::from_millis(140);

/// A thread that wants to run every five milliseconds, and notes for how long it could not.
struct Standstill {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Standstill {
    fn watch() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut longest = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let at = Instant::now();
                thread::park_timeout(Duration::from_millis(5));
                longest = longest.max(at.elapsed());
            }
            longest
        });
        Self { over, thread }
    }

    fn longest(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
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
    let (found, played) = hearing(&melody, &server, &id, &meant);
    assert!(found.correlation >= 0.99, "{found:?}");
    assert!(found.worst.1 >= 0.9, "something is missing or moved: {found:?}");
    assert_eq!(found.frames, meant.len() / 2, "the end was not heard: {found:?}");
    let seconds = played["played"][0]["seconds"].as_f64().unwrap();
    assert!((seconds - meant.len() as f64 / 2.0 / RATE as f64).abs() < 0.1, "{played}");
}
