//! A listen is in the history once, and counts once, however often it is told of.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::time::Duration;

use common::{Bench, song};
use jiff::{SignedDuration, Timestamp};
use melody_library::Listen;
use melody_model::{ListenId, Rendition, SongId};

fn listen(song: SongId, heard: u64, counts: bool) -> Listen {
    Listen {
        id: ListenId::new(),
        song,
        rendition: Rendition::Instrumental,
        began_at: "2026-03-01T10:00:00Z".parse().unwrap(),
        heard: Duration::from_secs(heard),
        completed: false,
        counts,
        told_at: Timestamp::now(),
    }
}

async fn plays(bench: &Bench, song: SongId) -> (u64, u64) {
    let entry = bench.library.entry_of(song).await.unwrap().unwrap();
    let pending = bench.library.outbox_status().await.unwrap().pending;
    (entry.play_count, pending - 1)
}

#[tokio::test]
async fn a_listen_told_of_twice_counts_once() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "Tone", "")).await;
    bench.library.add(id).await.unwrap();
    let first = listen(id, 29, false);
    bench.library.end_listen(first.clone()).await.unwrap();
    assert_eq!(plays(&bench, id).await, (0, 0));
    let more = Listen { heard: Duration::from_secs(31), counts: true, completed: true, ..first.clone() };
    for _ in 0..2 {
        bench.library.end_listen(more.clone()).await.unwrap();
        assert_eq!(plays(&bench, id).await, (1, 1));
    }
    bench.library.end_listen(first).await.unwrap();
    let page = bench.library.history(10, 0).await.unwrap();
    assert_eq!((page.total, page.listens[0].seconds, page.listens[0].counted), (1, 31.0, true));
    assert!(page.listens[0].completed && page.listens[0].rendition == Rendition::Instrumental);
}

#[tokio::test]
async fn what_a_killed_process_left_is_ended_and_what_goes_on_is_not() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "Tone", "")).await;
    bench.library.add(id).await.unwrap();
    let left = Listen { told_at: Timestamp::now() - SignedDuration::from_mins(1), ..listen(id, 40, true) };
    let goes_on = listen(id, 50, true);
    for so_far in [10, 40] {
        let listen = Listen { heard: Duration::from_secs(so_far), ..left.clone() };
        bench.library.checkpoint_listen(listen).await.unwrap();
    }
    bench.library.checkpoint_listen(goes_on.clone()).await.unwrap();
    let bench = bench.reopen();
    assert_eq!(plays(&bench, id).await, (0, 0), "a checkpoint is no play yet");
    let before = Timestamp::now() - SignedDuration::from_secs(30);
    assert_eq!(bench.library.end_left_listens(before).await.unwrap(), 1);
    assert_eq!(bench.library.end_left_listens(before).await.unwrap(), 0);
    assert_eq!(plays(&bench, id).await, (1, 1));
    let kept = bench.library.history(10, 0).await.unwrap().listens;
    assert_eq!((kept.len(), kept[0].id, kept[0].seconds), (1, left.id, 40.0));
    // The one that goes on ends by itself, and leaves no checkpoint behind.
    bench.library.end_listen(goes_on).await.unwrap();
    assert_eq!(bench.library.end_left_listens(Timestamp::MAX).await.unwrap(), 0);
    assert_eq!(plays(&bench, id).await, (2, 2));
}

#[tokio::test]
async fn a_song_that_is_not_saved_is_in_the_history_and_counts_to_nothing() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "Tone", "")).await;
    bench.library.end_listen(listen(id, 40, true)).await.unwrap();
    assert_eq!(bench.library.history(10, 0).await.unwrap().total, 1);
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 0);
    assert_eq!(bench.library.history(10, 1).await.unwrap().listens, []);
}
