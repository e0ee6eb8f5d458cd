//! Another take of the song that is on: changed to between one frame and the next, with time in the test's hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use common::hand::Hand;
use common::{End, ONE, TWO, end_of, signal, wait, write_wav};
use melody_player::{Event, Hint, PlayOptions, Player, Source};

/// Frames of a fade.
const FADE: usize = 240;

/// A song in two takes of which each frame tells which take it is from: the second is the first upside down.
struct Room {
    dir: tempfile::TempDir,
    hand: Hand,
    player: Player,
    events: Receiver<Event>,
    samples: Vec<f32>,
}

impl Room {
    fn new(seconds: f64) -> Self {
        let hand = Hand::default();
        let (player, events) = Player::with_sink(hand.sink()).unwrap();
        let (dir, samples) = (tempfile::tempdir().unwrap(), signal(seconds, 48_000));
        let other: Vec<f32> = samples.iter().map(|sample| -sample).collect();
        write_wav(&dir.path().join("one.wav"), &samples, 48_000, 2);
        write_wav(&dir.path().join("two.wav"), &other, 48_000, 2);
        Self { dir, hand, player, events, samples }
    }

    fn source(&self, name: &str) -> Source {
        Source::file(self.dir.path().join(name)).unwrap()
    }

    fn play(&self) {
        self.player.play(ONE, self.source("one.wav"), PlayOptions::default());
    }

    fn changed(&self) {
        wait(&self.events, |event| {
            matches!(event, Event::Changed { from: ONE, request: TWO, .. }).then_some(())
        });
    }

    /// Frame by frame from `at` on: true where the second take is heard, false where the first is. Fades are left out.
    fn takes(&self, heard: &[f32], at: usize) -> Vec<bool> {
        let mut takes = Vec::new();
        for (n, frame) in heard.chunks_exact(2).enumerate() {
            let wanted = &self.samples[(at + n) * 2..(at + n) * 2 + 2];
            if frame == wanted {
                takes.push(false);
            } else if frame[0] == -wanted[0] && frame[1] == -wanted[1] {
                takes.push(true);
            } else {
                // Neither whole: quieter than either.
                assert!(
                    frame[0].abs() <= wanted[0].abs() && frame[1].abs() <= wanted[1].abs(),
                    "frame {}",
                    at + n
                );
            }
        }
        takes
    }
}

#[test]
fn the_song_goes_on_in_the_other_take_without_losing_a_frame() {
    let room = Room::new(8.0);
    room.play();
    let mut heard = room.hand.hear(30_000);
    room.player.change_take(TWO, room.source("two.wav"));
    // The output goes on drawing, as one does.
    while !room.takes(&heard, 0).contains(&true) {
        heard.extend(room.hand.hear(480));
    }
    heard.extend(room.hand.hear(30_000));
    room.changed();
    let takes = room.takes(&heard, 0);
    assert!(takes.is_sorted(), "from one to the other, once");
    let quiet = heard.len() / 2 - takes.len();
    assert!(quiet <= 2 * FADE + 2, "{quiet} frames are neither");
    let position = room.player.position().unwrap();
    assert_eq!(position.request, TWO);
    assert_eq!((position.at.as_secs_f64() * 48_000.0).round() as usize, heard.len() / 2);

    let rest = room.hand.hear(8 * 48_000 - heard.len() / 2);
    assert!(room.takes(&rest, heard.len() / 2).iter().all(|second| *second));
    assert_eq!(end_of(&room.events, TWO), End::Ended(Duration::from_secs(8)));
}

#[test]
fn paused_stays_paused_and_goes_on_at_the_frame() {
    let room = Room::new(4.0);
    room.play();
    room.hand.hear(30_000);
    room.player.pause();
    wait(&room.events, |event| matches!(event, Event::Paused { .. }).then_some(()));
    room.hand.draw(4_800);
    room.player.change_take(TWO, room.source("two.wav"));
    room.changed();
    assert!(room.hand.draw(4_800).is_empty());
    let at = 30_000 + FADE;
    assert_eq!(room.player.position().unwrap().at, Duration::from_nanos(at as u64 * 1_000_000_000 / 48_000));
    room.player.resume();
    let heard = room.hand.hear(20_000);
    let takes = room.takes(&heard, at);
    assert!(takes.iter().all(|second| *second) && takes.len() >= 20_000 - FADE);
}

#[test]
fn a_take_that_cannot_be_played_leaves_the_song_as_it_was() {
    let room = Room::new(4.0);
    room.play();
    let mut heard = room.hand.hear(30_000);
    std::fs::write(room.dir.path().join("bad.wav"), b"<html></html>").unwrap();
    room.player.change_take(TWO, room.source("bad.wav"));
    assert!(matches!(end_of(&room.events, TWO), End::Failed(..)));
    heard.extend(room.hand.hear(4 * 48_000 - 30_000));
    assert!(heard == room.samples);
    assert_eq!(end_of(&room.events, ONE), End::Ended(Duration::from_secs(4)));
}

#[test]
fn a_song_that_is_left_takes_its_other_take_along() {
    let room = Room::new(4.0);
    room.play();
    room.hand.hear(10_000);
    let gate = Gate::default();
    room.player.change_take(TWO, gate.source(&room.dir.path().join("two.wav"), 0));
    room.player.stop();
    assert!(matches!(end_of(&room.events, ONE), End::Stopped(_)));
    gate.open();
    room.player.shutdown();
    let rest: Vec<Event> = room.events.iter().collect();
    assert_eq!(rest, [Event::Closed { error: None }]);
}

#[test]
fn a_take_that_comes_late_is_fetched_from_further_on() {
    let room = Room::new(8.0);
    room.play();
    let mut heard = room.hand.hear(10_000);
    let gate = Gate::default();
    // The file is recognised, and then nothing comes while the song goes on for more than a ring holds.
    room.player.change_take(TWO, gate.source(&room.dir.path().join("two.wav"), 20_000));
    heard.extend(room.hand.hear(100_000));
    gate.open();
    while !room.takes(&heard, 0).contains(&true) {
        heard.extend(room.hand.hear(480));
    }
    heard.extend(room.hand.hear(20_000));
    let takes = room.takes(&heard, 0);
    assert!(takes.is_sorted());
    assert!(heard.len() / 2 - takes.len() <= 2 * FADE + 2);
    room.changed();
}

#[test]
fn a_seek_meanwhile_counts() {
    let room = Room::new(8.0);
    room.play();
    room.hand.hear(10_000);
    let gate = Gate::default();
    room.player.change_take(TWO, gate.source(&room.dir.path().join("two.wav"), 20_000));
    room.player.seek(Duration::from_secs(5));
    wait(&room.events, |event| matches!(event, Event::Seeked { request: ONE, .. }).then_some(()));
    gate.open();
    let mut changed = false;
    for _ in 0..400 {
        room.hand.hear(480);
        changed = changed || room.events.try_iter().any(|event| matches!(event, Event::Changed { .. }));
        if changed {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(changed, "the take never came");
    room.hand.hear(4_800);
    let at = (room.player.position().unwrap().at.as_secs_f64() * 48_000.0).round() as usize;
    assert!(at > 5 * 48_000, "{at}");
    let heard = room.hand.hear(4_800);
    assert!(room.takes(&heard, at).iter().all(|second| *second));
}

/// Holds back a source's bytes from some byte on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn source(&self, path: &Path, from: u64) -> Source {
        let bytes = std::fs::read(path).unwrap();
        let length = bytes.len() as u64;
        let held = Held { bytes: Cursor::new(bytes), from, gate: self.clone() };
        Source::reader(held, Some(length), true, Hint::default())
    }
}

struct Held {
    bytes: Cursor<Vec<u8>>,
    from: u64,
    gate: Gate,
}

impl Read for Held {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.bytes.position() + buf.len() as u64 > self.from {
            let mut open = self.gate.0.0.lock().unwrap();
            while !*open {
                open = self.gate.0.1.wait(open).unwrap();
            }
        }
        self.bytes.read(buf)
    }
}

impl Seek for Held {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
