//! What every output must do, whatever it does with the sound.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use melody_player::{Event, PlayOptions, Player, Sink, Source};

use super::{End, ONE, TWO, close, end_of, signal, wait, write_wav};

const LENGTH: Duration = Duration::from_millis(600);

/// The suite; `make` builds a fresh output each time.
pub fn conforms(make: impl Fn() -> Box<dyn Sink>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("song.wav");
    // A rate that no output has: whatever it asks for, all of the song must come out.
    write_wav(&path, &signal(0.6, 22_050), 22_050, 2);
    let song = || Source::file(&path).unwrap();
    let begin = || Player::with_sink(make()).unwrap();

    let (player, events) = begin();
    player.play(ONE, song(), PlayOptions::default());
    let told = all_until_end(&events);
    let order: Vec<&str> =
        told.iter().map(name).filter(|name| !["position", "buffering", "playing"].contains(name)).collect();
    assert_eq!(order, ["opened", "started", "ended"]);
    assert!(nearly(heard(&told), LENGTH), "{:?} heard", heard(&told));

    // The same output once more: a start in pause hands out nothing, and then everything.
    player.play(TWO, song(), PlayOptions { paused: true, ..PlayOptions::default() });
    wait(&events, |event| matches!(event, Event::Opened { .. }).then_some(()));
    assert_eq!(player.position().unwrap().at, Duration::ZERO);
    player.resume();
    let End::Ended(time) = end_of(&events, TWO) else { panic!("it did not end") };
    assert!(nearly(time, LENGTH), "{time:?} heard after the pause");

    // A part only.
    let options = PlayOptions { from: LENGTH / 2, stop_after: Some(LENGTH / 4), ..PlayOptions::default() };
    player.play(ONE, song(), options);
    let End::Ended(time) = end_of(&events, ONE) else { panic!("it did not end") };
    assert!(nearly(time, LENGTH / 4), "{time:?} heard of a part");

    // A stop hands out no more, and the last word is the last.
    player.play(TWO, song(), PlayOptions { paused: true, ..PlayOptions::default() });
    player.stop();
    assert_eq!(end_of(&events, TWO), End::Stopped(Duration::ZERO));
    assert_eq!(close(&player, &events), None);
    assert!(events.recv().is_err());

    // Never opened, closed all the same.
    let (player, events) = begin();
    assert_eq!(close(&player, &events), None);
}

fn nearly(a: Duration, b: Duration) -> bool {
    a.abs_diff(b) < Duration::from_micros(50)
}

fn all_until_end(events: &Receiver<Event>) -> Vec<Event> {
    let mut told = Vec::new();
    loop {
        let event = wait(events, |event| Some(event.clone()));
        let last = matches!(event, Event::Ended { .. } | Event::Failed { .. } | Event::Stopped { .. });
        told.push(event);
        if last {
            return told;
        }
    }
}

fn heard(told: &[Event]) -> Duration {
    match told.last() {
        Some(Event::Ended { heard, .. }) => *heard,
        other => panic!("{other:?}"),
    }
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Opened { .. } => "opened",
        Event::Started { .. } => "started",
        Event::Buffering { .. } => "buffering",
        Event::Playing { .. } => "playing",
        Event::Position(_) => "position",
        Event::Ended { .. } => "ended",
        _ => "something else",
    }
}
