//! What was listened to is kept, and counts as a play after 30 seconds or half the song, once a listen.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use common::{Bench, add, extra, list, one, play, sign_in, small, tone};
use melody_core::{Code, Command, Core, Event, PlayRequest, PlaybackEvent, Reply, SinkKind};
use melody_model::{ListenView, Rendition};
use melody_server::ExtraSong;

async fn history(core: &Core) -> Vec<ListenView> {
    match core.dispatch(Command::History { limit: 100, offset: 0 }).await.unwrap() {
        Reply::History(page) => {
            assert_eq!(page.total, page.listens.len() as u64);
            page.listens
        }
        other => panic!("{other:?}"),
    }
}

fn lasting(title: &str, seconds: u32) -> ExtraSong {
    ExtraSong { duration_s: seconds, ..extra(title, Some(tone(seconds))) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listen_counts_after_thirty_seconds_or_half_the_song() {
    let bench = Bench::with(small(vec![lasting("Short", 4), lasting("Long", 80)])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    sign_in(&core).await.unwrap();
    let short = one(&core, "short").await.song.id.to_string();
    let long = one(&core, "long").await.song.id.to_string();
    add(&core, &[short.clone(), long.clone()]).await.unwrap();
    // Which song, from where, how much of it; whether it counts, and whether it was heard to its end.
    let listens = [
        (&short, 0.0, Some(1.9), false, false),
        (&short, 0.0, Some(2.0), true, false),
        (&short, 2.5, None, false, true),
        (&short, 0.0, None, true, true),
        (&long, 0.0, Some(29.9), false, false),
        (&long, 0.0, Some(30.0), true, false),
        (&long, 49.0, None, true, true),
    ];
    for (id, from_s, for_s, ..) in listens {
        let request = PlayRequest { ids: vec![id.clone()], from_s, for_s, ..PlayRequest::default() };
        let (rows, _) = play(&core, request).await;
        assert_eq!(rows[0].error, None);
    }
    let kept = history(&core).await;
    assert!(kept.is_sorted_by(|later, earlier| later.began_at >= earlier.began_at));
    let told: Vec<_> = kept
        .iter()
        .rev()
        .map(|listen| (listen.song.song.id.to_string(), listen.counted, listen.completed))
        .collect();
    let expected: Vec<_> =
        listens.iter().map(|(id, _, _, counted, completed)| ((*id).clone(), *counted, *completed)).collect();
    assert_eq!(told, expected);
    assert!(
        (kept[1].seconds - 30.0).abs() < 0.01 && kept[1].rendition == Rendition::Original,
        "{:?}",
        kept[1]
    );
    let mut plays: Vec<_> = list(&core).await.unwrap().into_iter().map(|entry| entry.play_count).collect();
    plays.sort_unstable();
    assert_eq!(plays, [2, 2], "each that counts is a play, and no other");
    let refused = core.dispatch(Command::History { limit: 501, offset: 0 }).await;
    assert_eq!(refused.unwrap_err().code(), Code::ValidationError);
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_and_going_back_make_no_second_listen_and_a_repeat_does() {
    let bench = Bench::with(small(vec![lasting("Tone", 2)])).await;
    let core = bench.signed_in().await;
    let id = one(&core, "tone").await.song.id.to_string();
    add(&core, std::slice::from_ref(&id)).await.unwrap();
    let mut events = core.events();
    core.dispatch(Command::Play(PlayRequest { ids: vec![id; 2], ..PlayRequest::default() })).await.unwrap();
    let (mut back, mut finished, mut told) = (0, 0, 0);
    while finished < 2 {
        match events.recv().await.unwrap() {
            Event::Playback(PlaybackEvent::Position { at_s, .. }) if at_s > 1.2 && back < 2 => {
                back += 1;
                core.dispatch(Command::Pause).await.unwrap();
                core.dispatch(Command::Seek { to_s: 0.0 }).await.unwrap();
                core.dispatch(Command::Resume).await.unwrap();
            }
            Event::Playback(PlaybackEvent::Finished(_)) => finished += 1,
            Event::HistoryChanged => told += 1,
            _ => {}
        }
    }
    let kept = history(&core).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept[1].seconds > 3.0 && kept[1].counted, "all that was heard is in it: {kept:?}");
    assert!((kept[0].seconds - 2.0).abs() < 0.1 && kept[0].counted && kept[0].completed, "{kept:?}");
    assert_eq!(list(&core).await.unwrap()[0].play_count, 2);
    while told < 2 {
        told += usize::from(events.recv().await.unwrap() == Event::HistoryChanged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_history_goes_with_who_signs_in() {
    let bench = Bench::with(small(vec![lasting("Tone", 2)])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let id = one(&core, "tone").await.song.id.to_string();
    play(&core, PlayRequest { ids: vec![id], ..PlayRequest::default() }).await;
    let kept = history(&core).await;
    assert!(kept.len() == 1 && kept[0].counted, "counted, if to nobody's library: {kept:?}");
    sign_in(&core).await.unwrap();
    assert_eq!(history(&core).await, kept);
    core.dispatch(Command::Logout { forget: false }).await.unwrap();
    assert_eq!(history(&core).await, []);
}
