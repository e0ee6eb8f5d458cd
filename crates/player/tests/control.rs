//! Playing, pausing, seeking, stopping, volume and a device that goes away, with time in the test's hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use common::compare::{correlation, lag, snr};
use common::hand::Hand;
use common::{End, ONE, TWO, end_of, signal, song, started, wait, write_wav};
use melody_player::{Error, Event, PlayOptions, Player, RequestId, Source};

/// Frames of a fade.
const FADE: usize = 240;

struct Room {
    dir: tempfile::TempDir,
    hand: Hand,
    player: Player,
    events: Receiver<Event>,
}

impl Room {
    fn new() -> Self {
        let hand = Hand::default();
        let (player, events) = Player::with_sink(hand.sink()).unwrap();
        Self { dir: tempfile::tempdir().unwrap(), hand, player, events }
    }

    /// The signal as a float WAV at 48 kHz: what is heard must be it, bit for bit.
    fn plain(&self, seconds: f64) -> (PathBuf, Vec<f32>) {
        let path = self.dir.path().join("plain.wav");
        let samples = signal(seconds, 48_000);
        write_wav(&path, &samples, 48_000, 2);
        (path, samples)
    }

    fn play(&self, path: &PathBuf) {
        self.player.play(ONE, Source::file(path).unwrap(), PlayOptions::default());
    }

    fn at(&self) -> Duration {
        self.player.position().unwrap().at
    }
}

fn frames(count: u64) -> Duration {
    Duration::from_nanos(count * 1_000_000_000 / 48_000)
}

#[test]
fn position_counts_what_was_heard_not_what_was_decoded() {
    let room = Room::new();
    let (path, samples) = room.plain(3.0);
    room.play(&path);
    let heard = room.hand.hear(12_345);
    assert!(heard == samples[..12_345 * 2]);
    assert_eq!(room.at(), frames(12_345));
    let position = room.player.position().unwrap();
    assert_eq!((position.request, position.duration), (ONE, Some(Duration::from_secs(3))));

    let rest = room.hand.hear(3 * 48_000 - 12_345);
    assert!(rest == samples[12_345 * 2..]);
    assert_eq!(end_of(&room.events, ONE), End::Ended(Duration::from_secs(3)));
    assert_eq!(room.player.position(), None);
    assert!(room.hand.draw(100).is_empty());
}

#[test]
fn a_pause_freezes_and_loses_nothing() {
    let room = Room::new();
    let (path, samples) = room.plain(2.0);
    room.play(&path);
    room.hand.hear(10_000);
    room.player.pause();
    wait(&room.events, |event| matches!(event, Event::Paused { request: ONE }).then_some(()));
    let fading = room.hand.draw(4_800);
    assert_eq!(fading.len(), FADE * 2, "a pause fades out in 5 ms");
    assert!(fading[fading.len() - 2..].iter().all(|sample| sample.abs() < 1e-6));
    let at = room.at();
    assert_eq!(at, frames(10_000 + FADE as u64));
    for _ in 0..10 {
        assert!(room.hand.draw(4_800).is_empty());
    }
    assert_eq!(room.at(), at);

    room.player.resume();
    wait(&room.events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    let heard = room.hand.hear(20_000);
    let begin = (10_000 + FADE) * 2;
    assert!(heard[0].abs() < samples[begin].abs());
    assert!(heard[FADE * 2..] == samples[begin + FADE * 2..begin + 40_000], "not one frame may be lost");
}

#[test]
fn a_start_in_pause_makes_no_sound_until_resume() {
    let room = Room::new();
    let (path, samples) = room.plain(2.0);
    let options = PlayOptions { paused: true, from: Duration::from_secs(1), ..PlayOptions::default() };
    room.player.play(ONE, Source::file(&path).unwrap(), options);
    wait(&room.events, |event| matches!(event, Event::Opened { .. }).then_some(()));
    for _ in 0..20 {
        assert!(room.hand.draw(4_800).is_empty());
    }
    assert_eq!(room.at(), Duration::from_secs(1));
    room.player.resume();
    let heard = room.hand.hear(10_000);
    assert!(heard[FADE * 2..] == samples[(48_000 + FADE) * 2..58_000 * 2]);
    started(&room.events);
}

/// In every format: after a seek the right sound, exactly there.
#[test]
fn a_seek_lands_where_it_should() {
    for (name, rate, options) in [
        ("a.mp3", 44_100, &["-b:a", "192k"][..]),
        ("vbr.mp3", 48_000, &["-q:a", "4"]),
        ("a.m4a", 44_100, &["-c:a", "aac", "-b:a", "192k"]),
        ("a.aac", 48_000, &["-c:a", "aac", "-b:a", "192k"]),
        ("a.flac", 44_100, &[]),
        ("a.ogg", 44_100, &["-c:a", "libvorbis", "-q:a", "6"]),
        ("a.opus", 48_000, &["-c:a", "libopus", "-b:a", "160k"]),
        ("a.wav", 44_100, &["-c:a", "pcm_s16le"]),
    ] {
        let room = Room::new();
        let path = song(room.dir.path(), name, 12.0, rate, options);
        let wanted = signal(12.0, 48_000);
        room.play(&path);
        room.hand.hear(5_000);
        for to in [7.321_f64, 2.5, 10.0, 0.0] {
            let to = Duration::from_secs_f64(to);
            room.player.seek(to);
            let told = wait(&room.events, |event| match event {
                Event::Seeked { at, .. } => Some(*at),
                Event::SeekFailed { error, .. } => panic!("{name}: {error}"),
                _ => None,
            });
            assert_eq!(told, to);
            // What was heard before fades out; then the new place is heard.
            room.hand.draw(FADE);
            // Where less than a fade of it was decoded yet, the new place has begun meanwhile.
            let at = room.at();
            assert!(
                (to..=to + frames(FADE as u64)).contains(&at),
                "{name}: at {at:?} after a seek to {to:?}"
            );
            let begin = (at.as_secs_f64() * 48_000.0).round() as usize;
            let heard = room.hand.hear(24_000);
            let (late, close) =
                lag(&heard[FADE * 2..], &wanted[(begin + FADE) * 2..(begin + 20_000) * 2], 60);
            assert!(late.abs() <= 48 && close >= 0.99, "{name} at {to:?}: {late} frames off, {close:.4}");
            assert_eq!(late, 0, "{name} at {to:?}");
        }
    }
}

/// A seek fades what is left of the old place; where that is less than a fade, the new place begins within it.
#[test]
fn a_seek_with_little_left_to_fade_begins_that_much_sooner() {
    const LEFT: usize = 160;
    let room = Room::new();
    let (path, samples) = room.plain(3.0);
    room.play(&path);
    room.hand.hear(3 * 48_000 - LEFT);
    room.player.seek(Duration::from_secs(1));
    wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    // The new place is heard once enough of it is decoded, which need not be in the same draw.
    room.hand.hear(FADE);
    assert_eq!(room.at(), Duration::from_secs(1) + frames((FADE - LEFT) as u64));
    let heard = room.hand.hear(10_000);
    let begin = 48_000 + FADE - LEFT;
    assert!(heard[LEFT * 2..] == samples[(begin + LEFT) * 2..(begin + 10_000) * 2], "not one frame off");
}

#[test]
fn a_seek_beyond_the_end_ends() {
    let room = Room::new();
    let (path, _) = room.plain(2.0);
    room.play(&path);
    room.hand.hear(1_000);
    room.player.seek(Duration::from_secs(500));
    wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    room.hand.draw(4_800);
    let End::Ended(heard) = end_of(&room.events, ONE) else { panic!("it did not end") };
    assert!(heard < frames(1_000 + 2 * FADE as u64), "what was skipped was not heard: {heard:?}");
}

#[test]
fn a_start_beyond_the_end_is_told() {
    let room = Room::new();
    let (path, _) = room.plain(2.0);
    let from = |seconds, stop_after| PlayOptions {
        from: Duration::from_secs(seconds),
        stop_after,
        ..PlayOptions::default()
    };
    for seconds in [2, 500] {
        room.player.play(ONE, Source::file(&path).unwrap(), from(seconds, None));
        assert_eq!(end_of(&room.events, ONE), End::Failed(Error::PastEnd, Duration::ZERO));
    }
    // Who wants nothing of it has got that.
    room.player.play(TWO, Source::file(&path).unwrap(), from(1, Some(Duration::ZERO)));
    assert_eq!(end_of(&room.events, TWO), End::Ended(Duration::ZERO));
}

#[test]
fn back_again_after_all_was_decoded() {
    let room = Room::new();
    let (path, samples) = room.plain(0.5);
    room.play(&path);
    room.hand.hear(20_000);
    room.player.seek(Duration::ZERO);
    wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    room.hand.draw(FADE);
    assert!(room.hand.hear(24_000) == samples);
    assert!(matches!(end_of(&room.events, ONE), End::Ended(_)));
}

#[test]
fn a_replaced_song_is_told_stopped_and_never_heard_of_again() {
    let room = Room::new();
    let (path, samples) = room.plain(2.0);
    room.play(&path);
    room.hand.hear(4_800);
    room.player.play(TWO, Source::file(&path).unwrap(), PlayOptions::default());
    assert_eq!(end_of(&room.events, ONE), End::Stopped(frames(4_800)));
    let mut heard = room.hand.hear(24_000);
    // The old one fades first.
    let fading = heard.drain(..FADE * 2).collect::<Vec<_>>();
    assert!(correlation(&fading, &samples[4_800 * 2..]) > 0.8);
    assert!(heard == samples[..heard.len()]);
    room.player.stop();
    let late: Vec<Event> = std::iter::from_fn(|| match room.events.recv_timeout(common::PATIENCE).unwrap() {
        Event::Stopped { request: TWO, .. } => None,
        event => Some(event),
    })
    .collect();
    assert!(
        late.iter().all(|event| !serde_json::to_string(event).unwrap().contains("\"request\":1")),
        "{late:?}"
    );
    assert_eq!(room.player.position(), None);
}

#[test]
fn many_plays_in_a_row_leave_only_the_last() {
    let room = Room::new();
    let (path, samples) = room.plain(0.3);
    for n in 0..100 {
        room.player.play(RequestId(n), Source::file(&path).unwrap(), PlayOptions::default());
    }
    wait(&room.events, |event| matches!(event, Event::Opened { request: RequestId(99), .. }).then_some(()));
    assert!(room.hand.hear(14_400) == samples);
    assert!(matches!(end_of(&room.events, RequestId(99)), End::Ended(_)));
}

#[test]
fn volume_follows_its_curve_without_a_step() {
    let room = Room::new();
    let path = room.dir.path().join("level.wav");
    write_wav(&path, &vec![0.5; 96_000 * 2], 48_000, 2);
    room.play(&path);
    assert!(room.hand.hear(1_000).iter().all(|&sample| sample == 0.5));
    for (volume, level) in [(0.5, 0.062_5), (0.0, 0.0), (1.0, 0.5), (7.0, 0.5), (f32::NAN, 0.0)] {
        room.player.set_volume(volume);
        let mut before = room.hand.hear(1)[0];
        let mut settled = 0;
        for _ in 0..50_000 {
            let now = room.hand.hear(1)[0];
            assert!((now - before).abs() < 0.003, "a step from {before} to {now}");
            settled = if (now - level).abs() < 1e-6 { settled + 1 } else { 0 };
            if settled == 300 {
                break;
            }
            before = now;
        }
        assert_eq!(settled, 300, "volume {volume} never became {level}");
        room.player.seek(Duration::ZERO);
        wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
        room.hand.hear(1_000);
    }
}

#[test]
fn a_lost_device_pauses_and_the_next_resume_opens_anew() {
    let room = Room::new();
    room.hand.next_rates(&[48_000, 48_000, 44_100]);
    let (path, samples) = room.plain(4.0);
    room.play(&path);
    room.hand.hear(10_000);
    started(&room.events);
    room.hand.lose();
    let told: Vec<Event> = std::iter::from_fn(|| match room.events.recv_timeout(common::PATIENCE).unwrap() {
        Event::Paused { .. } => None,
        event => Some(event),
    })
    .filter(|event| !matches!(event, Event::Position(_)))
    .collect();
    assert_eq!(told, [Event::DeviceLost { message: "unplugged".into() }]);
    assert_eq!(room.at(), frames(10_000));

    // Still nothing there: it says so and stays where it is.
    room.hand.set_missing(true);
    room.player.resume();
    wait(&room.events, |event| matches!(event, Event::DeviceLost { .. }).then_some(()));
    assert_eq!(room.at(), frames(10_000));

    room.hand.set_missing(false);
    room.player.resume();
    wait(&room.events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    assert_eq!(room.hand.openings(), 2);
    let heard = room.hand.hear(20_000);
    assert!(snr(&heard[FADE * 2..], &samples[(10_000 + FADE) * 2..30_000 * 2]) > 100.0);

    // The third device runs at another rate.
    room.hand.lose();
    wait(&room.events, |event| matches!(event, Event::Paused { .. }).then_some(()));
    let at = room.at();
    room.player.resume();
    wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    let heard = room.hand.hear(20_000);
    let wanted = signal(4.0, 44_100);
    let begin = (at.as_secs_f64() * 44_100.0).round() as usize;
    let (_, close) = lag(&heard[FADE * 2..], &wanted[(begin + FADE) * 2..(begin + 19_000) * 2], 2);
    assert!(close > 0.99, "{close}");
}

#[test]
fn another_device_takes_over_without_losing_a_frame() {
    let room = Room::new();
    let (path, samples) = room.plain(4.0);
    room.player.choose_device(Some("headphones".into()));
    room.play(&path);
    room.hand.hear(10_000);
    started(&room.events);
    room.player.choose_device(Some("speakers".into()));
    wait(&room.events, |event| matches!(event, Event::Playing { request: ONE }).then_some(()));
    assert_eq!(room.hand.openings(), 2);
    let heard = room.hand.hear(20_000);
    assert!(heard[FADE * 2..] == samples[(10_000 + FADE) * 2..30_000 * 2]);

    // In a pause nothing is opened before it ends.
    room.player.pause();
    wait(&room.events, |event| matches!(event, Event::Paused { .. }).then_some(()));
    room.hand.draw(4_800);
    let at = room.at();
    room.player.choose_device(None);
    room.player.seek(at);
    wait(&room.events, |event| matches!(event, Event::Seeked { .. }).then_some(()));
    assert_eq!(room.hand.openings(), 2);
    room.player.resume();
    room.hand.hear(1_000);
    assert_eq!((room.hand.openings(), room.at()), (3, at + frames(1_000)));
    assert_eq!(room.hand.chosen(), [Some("headphones".into()), Some("speakers".into()), None]);

    // Where the chosen one cannot be opened, and no other, it is as if the device were lost.
    room.hand.set_missing(true);
    room.player.choose_device(Some("gone".into()));
    wait(&room.events, |event| matches!(event, Event::DeviceLost { .. }).then_some(()));
    room.hand.set_missing(false);
    room.player.resume();
    room.hand.hear(1_000);
}

#[test]
fn without_a_device_a_song_fails_with_a_sentence() {
    let room = Room::new();
    room.hand.set_missing(true);
    let (path, _) = room.plain(0.2);
    room.play(&path);
    let End::Failed(error, _) = end_of(&room.events, ONE) else { panic!("it played") };
    assert_eq!(error, Error::NoDevice { message: "nothing is plugged in".into() });
    assert_eq!(error.to_string(), "No sound device is available: nothing is plugged in.");
    // The next try may find one.
    room.hand.set_missing(false);
    room.play(&path);
    room.hand.hear(9_600);
    assert!(matches!(end_of(&room.events, ONE), End::Ended(_)));
}

#[test]
fn the_last_handle_shuts_down() {
    let Room { player, events, hand, dir: _dir } = Room::new();
    let other = player.clone();
    drop(player);
    other.pause();
    drop(other);
    wait(&events, |event| matches!(event, Event::Closed { error: None }).then_some(()));
    assert!(events.recv().is_err());
    assert_eq!(hand.openings(), 0, "a player that never played opens no device");
}
