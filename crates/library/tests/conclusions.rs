//! What the library concludes from a complete pass: what is gone, what another backend has to be told again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use common::{Bench, entry, song};
use jiff::Timestamp;
use melody_library::{Acknowledgement, Concluded, GenerationId, OperationKind};
use melody_model::{RemoteEntry, ServerId, SongId};

/// Entries of these songs, under a generation's ids: `l1` of the song `s1` where the prefix is empty.
fn page(prefix: &str, songs: impl IntoIterator<Item = u32>) -> Vec<RemoteEntry> {
    let entry_of =
        |n| entry(&format!("{prefix}l{n}"), song(&format!("{prefix}s{n}"), &format!("Song {n}"), "Somebody"));
    songs.into_iter().map(entry_of).collect()
}

fn ids(page: &[RemoteEntry]) -> Vec<ServerId> {
    page.iter().map(|entry| entry.server_id.clone()).collect()
}

/// A pass that met exactly these entries.
async fn pass(bench: &Bench, generation: GenerationId, met: Vec<RemoteEntry>, believe: bool) -> Concluded {
    let began = Timestamp::now();
    let ids = ids(&met);
    bench.library.store_entries(generation, met).await.unwrap();
    bench.library.conclude(generation, began, &ids, believe).await.unwrap()
}

async fn song_of(bench: &Bench, id: &str) -> SongId {
    bench.library.resolve(id).await.unwrap().unwrap()
}

async fn saved(bench: &Bench) -> u64 {
    bench.library.entries(melody_library::EntryQuery::default()).await.unwrap().total
}

#[tokio::test]
async fn that_most_of_a_library_is_gone_is_told_and_nothing_is_removed() {
    for (had, met, mostly) in [(5, 2, true), (4, 2, false), (5, 3, false), (3, 1, true), (2, 0, false)] {
        let bench = Bench::new().await;
        pass(&bench, bench.generation, page("", 1..=had), false).await;
        let concluded = pass(&bench, bench.generation, page("", 1..=met), false).await;
        assert_eq!((concluded.withheld, concluded.mostly), (true, mostly), "{met} of {had}");
        assert_eq!((concluded.dropped, saved(&bench).await), (0, u64::from(had)));
        let concluded = pass(&bench, bench.generation, page("", 1..=met), true).await;
        assert_eq!((concluded.dropped, saved(&bench).await), (u64::from(had - met), u64::from(met)));
    }
}

#[tokio::test]
async fn where_the_songs_that_are_absent_have_no_id_another_one_is_asked_for() {
    let bench = Bench::new().await;
    pass(&bench, bench.generation, page("", 1..=4), false).await;
    bench.library.forget_server_id(song_of(&bench, "s2").await, bench.generation).await.unwrap();
    let concluded = bench
        .library
        .conclude(bench.generation, Timestamp::now(), &ids(&page("", [1, 3, 4])), false)
        .await
        .unwrap();
    // None to ask for would read as: the service knows none of them, so it is another one.
    assert!(concluded.withheld && !concluded.probes.is_empty(), "{concluded:?}");
    assert!(!concluded.probes.contains(&ServerId::from("s2")));
}

#[tokio::test]
async fn what_only_the_other_backend_heard_is_told_again_after_the_way_back() {
    let bench = Bench::new().await;
    let green = bench.generation;
    pass(&bench, green, page("", 1..=3), false).await;
    let blue = bench.library.generation("blue").await.unwrap();
    let concluded = pass(&bench, blue, page("b", 1..=3), false).await;
    assert_eq!((concluded.replayed, concluded.refilled), (0, 0), "it has all");

    let heard = async |entry: Option<&str>, play_count| {
        let waiting = bench.library.pending_operations(10).await.unwrap();
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert!(bench.library.mark_sending(waiting[0].id).await.unwrap());
        let heard = Acknowledgement {
            generation: blue,
            entry_server_id: entry.map(ServerId::from),
            play_count,
            last_played_at: None,
        };
        assert!(bench.library.acknowledge(waiting[0].id, heard).await.unwrap());
    };
    bench.library.remove(song_of(&bench, "bs1").await).await.unwrap();
    heard(None, None).await;
    bench.library.record_play(song_of(&bench, "bs2").await, 60, true).await.unwrap();
    heard(Some("bl2"), Some(1)).await;
    let new = song("bs4", "Song 4", "Somebody");
    let new = bench.library.store_songs(blue, vec![new]).await.unwrap()[0].id;
    bench.library.add(new).await.unwrap();
    heard(Some("bl4"), None).await;
    assert_eq!(saved(&bench).await, 3);

    // Green has heard none of that.
    assert_eq!(bench.library.generation("green").await.unwrap(), green);
    bench.library.store_songs(green, vec![song("s4", "Song 4", "Somebody")]).await.unwrap();
    let concluded = pass(&bench, green, page("", 1..=3), false).await;
    assert_eq!(concluded.replayed, 3);
    let mut waiting: Vec<_> = bench
        .library
        .pending_operations(10)
        .await
        .unwrap()
        .into_iter()
        .map(|operation| (operation.title.clone(), operation.action.kind(), operation.entry_server_id))
        .collect();
    waiting.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("Song 1".to_owned(), OperationKind::Remove, Some(ServerId::from("l1"))),
        ("Song 2".to_owned(), OperationKind::Play, Some(ServerId::from("l2"))),
        ("Song 4".to_owned(), OperationKind::Add, None),
    ];
    assert_eq!(waiting, expected);
    assert_eq!(pass(&bench, green, page("", 1..=3), false).await.replayed, 0, "once");
}

#[tokio::test]
async fn after_a_switch_what_is_absent_is_saved_again_and_not_removed() {
    let bench = Bench::new().await;
    pass(&bench, bench.generation, page("", 1..=4), false).await;
    let blue = bench.library.generation("blue").await.unwrap();
    let songs = page("b", 1..=4).into_iter().map(|entry| entry.song).collect();
    bench.library.store_songs(blue, songs).await.unwrap();
    let concluded = pass(&bench, blue, page("b", [1]), false).await;
    assert_eq!((concluded.withheld, concluded.dropped, concluded.refilled), (false, 0, 3));
    assert_eq!(saved(&bench).await, 4);
}
