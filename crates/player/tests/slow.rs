//! Sources that block, starve, break and only run forward: the player stays responsive and says what happens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use common::gate::{Gate, Gated};
use common::hand::Hand;
use common::{End, ONE, TWO, end_of, signal, song, started, wait, write_wav};
use melody_player::{Error, Event, Hint, PlayOptions, Player, SinkKind, Source};

struct Stream {
    hand: Hand,
    player: Player,
    events: Receiver<Event>,
    gate: Gate,
    samples: Vec<f32>,
    header: usize,
}

/// A four-second WAV behind a gate; a frame of it is 8 bytes.
fn stream(seekable: bool) -> Stream {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    let samples = signal(4.0, 48_000);
    write_wav(&path, &samples, 48_000, 2);
    let bytes = std::fs::read(&path).unwrap();
    let header = bytes.len() - samples.len() * 4;
    let hand = Hand::default();
    let (player, events) = Player::with_sink(hand.sink()).unwrap();
    let gate = Gate::default();
    player.play(ONE, gated(bytes, &gate, seekable), PlayOptions::default());
    Stream { hand, player, events, gate, samples, header }
}

fn gated(bytes: Vec<u8>, gate: &Gate, seekable: bool) -> Source {
    let len = seekable.then_some(bytes.len() as u64);
    let cancel = gate.clone();
    Source::reader(Gated::new(bytes, gate), len, seekable, Hint::default())
        .with_cancel(Arc::new(move || cancel.cancel()))
}

impl Stream {
    /// Lets this many frames through.
    fn open(&self, frames: usize) {
        self.gate.open_to(self.header + frames * 8);
    }

    /// Draws until the song runs dry or is over; returns what sounded.
    fn drain(&self, over: impl Fn() -> bool) -> Vec<f32> {
        let mut heard = Vec::new();
        while !over() {
            heard.extend(self.hand.draw(4_800));
        }
        heard
    }
}

fn is_next(events: &Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> bool {
    events.try_iter().any(|event| wanted(&event))
}

#[test]
fn commands_act_while_a_read_blocks() {
    let stream = stream(true);
    stream.gate.wait_until_blocked();
    stream.player.pause();
    wait(&stream.events, |event| matches!(event, Event::Paused { .. }).then_some(()));
    stream.player.set_volume(0.5);
    stream.player.resume();
    wait(&stream.events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    assert_eq!(stream.player.position().unwrap().at, Duration::ZERO);
    assert!(!stream.gate.cancelled());
    stream.player.stop();
    assert_eq!(end_of(&stream.events, ONE), End::Stopped(Duration::ZERO));
    assert!(stream.gate.cancelled(), "a stop must unblock the reader");
}

#[test]
fn a_blocked_song_gives_way_to_another() {
    let stream = stream(true);
    // More than a song begins with.
    stream.open(20_000);
    let first = stream.hand.hear(5_000);
    assert!(first == stream.samples[..10_000]);
    stream.gate.wait_until_blocked();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.wav");
    write_wav(&path, &vec![0.25; 9_600], 48_000, 2);
    stream.player.play(TWO, Source::file(&path).unwrap(), PlayOptions::default());
    assert!(matches!(end_of(&stream.events, ONE), End::Stopped(_)));
    assert!(stream.gate.cancelled());
    while stream.hand.hear(1)[0] != 0.25 {}
    stream.hand.hear(4_799);
    assert_eq!(end_of(&stream.events, TWO), End::Ended(Duration::from_millis(100)));
}

#[test]
fn sound_begins_with_more_than_a_device_draws_at_once() {
    let stream = stream(false);
    // The buffer of our device, which its first draw may ask for as a whole.
    let buffer = 2 * 48_000 / 7;
    stream.open(buffer);
    stream.gate.wait_until_blocked();
    // What is answered after the decoder has come so far is answered with its ring at the tap.
    stream.player.pause();
    stream.player.resume();
    wait(&stream.events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    assert!(stream.hand.draw(buffer).is_empty(), "its first draw would find a gap");
    stream.open(2 * buffer);
    stream.gate.wait_until_blocked();
    assert!(stream.hand.hear(buffer) == stream.samples[..2 * buffer]);
}

#[test]
fn starving_is_told_the_position_stands_and_nothing_is_lost() {
    let stream = stream(false);
    stream.open(30_000);
    stream.gate.wait_until_blocked();
    let mut heard =
        stream.drain(|| is_next(&stream.events, |event| matches!(event, Event::Buffering { request: ONE })));
    let at = stream.player.position().unwrap().at;
    assert_eq!(at.as_nanos(), heard.len() as u128 / 2 * 1_000_000_000 / 48_000);

    // A little is not enough to go on: that would stutter.
    stream.open(33_000);
    stream.gate.wait_until_blocked();
    assert!(stream.hand.draw(4_800).is_empty());
    assert_eq!(stream.player.position().unwrap().at, at);

    stream.open(usize::MAX / 16);
    heard.extend(stream.hand.hear(4 * 48_000 - heard.len() / 2));
    wait(&stream.events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    assert!(heard == stream.samples, "every frame, once, in order");
    assert_eq!(end_of(&stream.events, ONE), End::Ended(Duration::from_secs(4)));
}

#[test]
fn a_song_that_does_not_begin_is_buffering() {
    let stream = stream(false);
    wait(&stream.events, |event| matches!(event, Event::Buffering { .. }).then_some(()));
    stream.open(usize::MAX / 16);
    stream.hand.hear(4 * 48_000);
    started(&stream.events);
}

#[test]
fn a_broken_connection_is_told_in_its_own_words_after_what_came() {
    let stream = stream(false);
    stream.open(60_000);
    stream.gate.fail_with(io::ErrorKind::TimedOut);
    let failure = RefCell::new(None);
    let heard = stream.drain(|| {
        is_next(&stream.events, |event| match event {
            Event::Failed { error, heard, .. } => failure.replace(Some((error.clone(), *heard))).is_none(),
            _ => false,
        })
    });
    assert!(heard == stream.samples[..heard.len()] && heard.len() > 59_000 * 2, "{}", heard.len());
    let (error, time) = failure.into_inner().unwrap();
    assert_eq!(
        error,
        Error::Source { kind: io::ErrorKind::TimedOut, message: "the connection broke".into() }
    );
    assert_eq!(time.as_nanos(), heard.len() as u128 / 2 * 1_000_000_000 / 48_000);
}

#[test]
fn a_connection_broken_before_any_sound() {
    let stream = stream(true);
    stream.gate.fail_with(io::ErrorKind::ConnectionReset);
    let End::Failed(error, heard) = end_of(&stream.events, ONE) else { panic!("it ended well") };
    assert_eq!(error.to_string(), "This song's audio can't be read: the connection broke.");
    assert_eq!(heard, Duration::ZERO);
}

#[test]
fn a_stream_goes_forward_but_not_back() {
    let stream = stream(false);
    stream.open(usize::MAX / 16);
    stream.hand.hear(2_000);
    stream.player.seek(Duration::from_secs(3));
    wait(&stream.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    stream.hand.draw(240);
    assert_eq!(stream.player.position().unwrap().at, Duration::from_secs(3));
    stream.hand.hear(2_000);
    stream.player.seek(Duration::from_secs(1));
    let error = wait(&stream.events, |event| match event {
        Event::SeekFailed { error, .. } => Some(error.clone()),
        _ => None,
    });
    assert_eq!(error, Error::NotSeekable);
    // It goes on where it was.
    let heard = stream.hand.hear(46_000);
    assert!(heard == stream.samples[146_000 * 2..]);
    assert!(matches!(end_of(&stream.events, ONE), End::Ended(_)));
}

/// All formats play from a stream without length or way back, from the first second as from the middle.
#[test]
fn every_format_streams() {
    for (name, options) in [
        ("a.mp3", &["-b:a", "128k"][..]),
        ("a.m4a", &["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]),
        ("a.aac", &["-c:a", "aac", "-b:a", "192k"]),
        ("a.flac", &[]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.wav", &["-c:a", "pcm_s16le"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = song(dir.path(), name, 3.0, 48_000, options);
        let bytes = std::fs::read(&path).unwrap();
        for from in [0.0, 1.5] {
            let gate = Gate::default();
            gate.open_to(usize::MAX);
            let options = PlayOptions { from: Duration::from_secs_f64(from), ..PlayOptions::default() };
            let (heard, end) = common::record(gated(bytes.clone(), &gate, false), options);
            let wanted = &signal(3.0, 48_000)[(from * 96_000.0) as usize..];
            assert!(matches!(end, End::Ended(_)), "{name}: {end:?}");
            let late = common::compare::lag(&heard[480..], &wanted[480..40_000], 60);
            assert!(late.0 == 0 && late.1 >= 0.99, "{name} from {from}: {late:?}");
            assert!(
                heard.len().abs_diff(wanted.len()) <= 2_048,
                "{name} from {from}: {} samples",
                heard.len()
            );
        }
    }
}

#[test]
fn the_null_output_keeps_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    write_wav(&path, &signal(0.7, 48_000), 48_000, 2);
    let (player, events) = Player::new(SinkKind::Null).unwrap();
    let since = std::time::Instant::now();
    player.play(ONE, Source::file(&path).unwrap(), PlayOptions::default());
    let positions = RefCell::new(Vec::new());
    let heard = wait(&events, |event| match event {
        Event::Position(position) => {
            positions.borrow_mut().push(position.at);
            None
        }
        Event::Ended { heard, .. } => Some(*heard),
        _ => None,
    });
    assert_eq!(heard, Duration::from_millis(700));
    // It may be late on a busy machine, but never early.
    assert!(since.elapsed() >= Duration::from_millis(695), "{:?}", since.elapsed());
    let positions = positions.into_inner();
    assert!(!positions.is_empty() && positions.is_sorted(), "{positions:?}");
}
