//! The lists of saved songs: in every order, at any depth, whoever changed them last.

#![allow(clippy::unwrap_used, clippy::panic)] // All of it is test.

mod common;

use common::{Bench, song};
use melody_library::{EntryQuery, Library};
use melody_model::{EntryOrder, EntrySort, EntryView, RemoteEntry};

const MANY: usize = 700;

fn entry(n: usize) -> RemoteEntry {
    let mut song =
        song(&format!("s{n}"), &format!("Song {:03}", n * 7919 % 1000), &format!("Artist {}", n % 13));
    song.content.language = Some(if n.is_multiple_of(3) { "ta" } else { "hi" }.to_owned());
    RemoteEntry {
        added_at: jiff::Timestamp::from_second(1_700_000_000 + (n * 31 % 977) as i64).ok(),
        play_count: (n % 11) as u64,
        ..common::entry(&format!("e{n}"), song)
    }
}

async fn filled() -> Bench {
    let bench = Bench::new().await;
    bench.library.store_entries(bench.generation, (0..MANY).map(entry).collect()).await.unwrap();
    bench
}

/// Every row of a list, read in pages that reach beyond what is walked to; with the total that each page told.
async fn all(library: &Library, list: &EntryQuery) -> Vec<EntryView> {
    let mut rows = Vec::new();
    loop {
        let query = EntryQuery { limit: 90, offset: rows.len() as u64, ..list.clone() };
        let page = library.entries(query).await.unwrap();
        if page.entries.is_empty() {
            assert_eq!(page.total, rows.len() as u64, "{list:?}");
            return rows;
        }
        rows.extend(page.entries);
    }
}

/// Reads a list in every order, and looks whether it is in that order and each other way round.
async fn in_order(library: &Library, list: EntryQuery, count: usize) {
    for sort in [EntrySort::Added, EntrySort::Title, EntrySort::Artist, EntrySort::Plays] {
        let of = |order| EntryQuery { sort, order, ..list.clone() };
        let up = all(library, &of(EntryOrder::Asc)).await;
        let mut down = all(library, &of(EntryOrder::Desc)).await;
        down.reverse();
        assert_eq!(up.len(), count, "{sort:?}");
        assert_eq!(up, down, "{sort:?}");
        let sorted = match sort {
            EntrySort::Added => up.is_sorted_by_key(|entry| entry.added_at),
            EntrySort::Title => up.is_sorted_by_key(|entry| &entry.song.song.content.title),
            EntrySort::Artist => up.is_sorted_by_key(|entry| entry.song.song.content.artist.to_lowercase()),
            EntrySort::Plays => up.is_sorted_by_key(|entry| entry.play_count),
        };
        assert!(sorted, "{sort:?}");
    }
}

#[tokio::test]
async fn every_order_is_right_at_any_depth() {
    let Bench { library, folder: _folder, .. } = filled().await;
    in_order(&library, EntryQuery::default(), MANY).await;
    let tamil = EntryQuery { language: Some("ta".to_owned()), ..EntryQuery::default() };
    in_order(&library, tamil, MANY.div_ceil(3)).await;
    let words = EntryQuery { filter: "song".to_owned(), ..EntryQuery::default() };
    in_order(&library, words, MANY).await;
    let none = EntryQuery { filter: "nobody sings that".to_owned(), ..EntryQuery::default() };
    in_order(&library, none, 0).await;
}

#[tokio::test]
async fn a_list_that_was_read_is_read_anew_after_each_change_of_any_program() {
    let bench = filled().await;
    let other = Library::open(&bench.file()).unwrap();
    let (library, generation) = (&bench.library, bench.generation);
    let list = |sort| EntryQuery { sort, order: EntryOrder::Asc, ..EntryQuery::default() };
    let (by_title, by_plays) = (list(EntrySort::Title), list(EntrySort::Plays));
    let words = EntryQuery { filter: "brand new".to_owned(), ..EntryQuery::default() };
    let rows = all(library, &by_title).await;
    all(library, &by_plays).await;
    assert_eq!(all(library, &words).await.len(), 0);

    // Removed, played, called otherwise, saved: each by another program.
    let gone = rows[650].song.song.id;
    other.remove(gone).await.unwrap();
    assert_eq!(all(library, &by_title).await.len(), MANY - 1);
    let played = all(library, &by_plays).await[0].song.song.id;
    for _ in 0..20 {
        other.record_play(played, 60, true).await.unwrap();
    }
    assert_eq!(all(library, &by_plays).await.last().unwrap().song.song.id, played);
    let mut renamed = entry(5).song;
    renamed.content.title = "Brand new".to_owned();
    other.store_songs(generation, vec![renamed]).await.unwrap();
    assert_eq!(all(library, &words).await.len(), 1);
    assert_eq!(all(library, &by_title).await[0].song.song.content.title, "Brand new");
    other.add(gone).await.unwrap();
    assert_eq!(all(library, &by_title).await.len(), MANY);
}
