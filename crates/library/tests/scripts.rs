//! Songs are found across scripts: as they sound, after what is spelt as it was asked for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::collections::BTreeSet;

use common::{Bench, inspect, song};
use melody_library::{EntryQuery, Library, SearchQuery};
use melody_model::SearchType;

/// Language, title as it is written, title as it is usually typed.
fn titles() -> Vec<[&'static str; 3]> {
    let lines = include_str!("data/titles.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect::<Vec<_>>().try_into().unwrap()).collect()
}

/// How a list of titles is found by other spellings of them.
#[derive(Debug, Default)]
struct Found {
    asked: usize,
    /// How many found the song that was meant.
    recall: f64,
    /// How many of all that was found was meant.
    precision: f64,
    missed: Vec<&'static str>,
}

async fn found(stored: usize, asked: usize, language: Option<&str>) -> Found {
    let bench = Bench::new().await;
    let titles = titles();
    let songs =
        titles.iter().enumerate().map(|(n, title)| song(&format!("s{n}"), title[stored], "")).collect();
    bench.library.store_songs(bench.generation, songs).await.unwrap();
    let (mut all, mut meant) = (0, 0);
    let mut told = Found::default();
    for title in titles.iter().filter(|title| language.is_none_or(|language| title[0] == language)) {
        told.asked += 1;
        let found = bench.titles(title[asked]).await;
        all += found.len();
        // Songs that are typed alike are meant alike.
        let alike = titles.iter().filter(|other| other[asked] == title[asked]).map(|other| other[stored]);
        let alike: BTreeSet<&str> = alike.collect();
        let right = found.iter().filter(|found| alike.contains(found.as_str())).count();
        meant += right;
        if right == 0 {
            told.missed.push(title[asked]);
        }
    }
    told.recall = (told.asked - told.missed.len()) as f64 / told.asked as f64;
    told.precision = f64::from(u32::try_from(meant).unwrap()) / f64::from(u32::try_from(all).unwrap());
    told
}

#[tokio::test]
async fn real_titles_are_found_as_they_are_typed_and_as_they_are_written() {
    assert!(titles().iter().filter(|title| matches!(title[0], "hi" | "ta")).count() >= 200);
    // Language; floors of recall and precision, typed to written and back, just under what was measured.
    for (language, floors) in FLOORS {
        let typed = found(1, 2, language).await;
        let written = found(2, 1, language).await;
        println!("{language:?}: typed {typed:.3?}; written {written:.3?}");
        let measured = [typed.recall, typed.precision, written.recall, written.precision];
        let kept = measured.iter().zip(floors).all(|(measured, floor)| *measured >= floor);
        assert!(kept, "{language:?}: {measured:.3?} under {floors:?}");
    }
}

const FLOORS: [(Option<&str>, [f64; 4]); 3] = [
    (Some("hi"), [0.93, 0.95, 0.94, 0.95]),
    (Some("ta"), [0.86, 0.94, 0.83, 0.93]),
    (None, [0.9, 0.95, 0.9, 0.94]),
];

#[tokio::test]
async fn what_is_spelt_as_it_was_asked_for_comes_first() {
    let bench = Bench::new().await;
    for (n, (title, popularity)) in
        [("Tum Hi Ho", 10), ("तुम ही हो", 90), ("Toom Hee Ho", 99), ("Tumhare", 95)].into_iter().enumerate()
    {
        let mut remote = song(&format!("s{n}"), title, "");
        remote.content.popularity = popularity;
        remote.content.language = Some(if title.is_ascii() { "en" } else { "hi" }.to_owned());
        bench.store(remote).await;
    }
    assert_eq!(bench.titles("tum hi ho").await, ["Tum Hi Ho", "तुम ही हो"]);
    assert_eq!(bench.titles("तुम ही हो").await, ["तुम ही हो", "Toom Hee Ho", "Tum Hi Ho"]);
    assert_eq!(bench.titles("tum hi").await, ["Tum Hi Ho", "तुम ही हो"]);
    // Two letters sound like half the catalogue: they find what is spelt so.
    assert_eq!(bench.titles("tu").await, ["Tumhare", "Tum Hi Ho"]);
    let hindi =
        SearchQuery { text: "tum".into(), language: Some("hi".into()), limit: 9, ..Default::default() };
    let page = bench.library.search(hindi).await.unwrap();
    assert_eq!((page.songs.len(), page.total, page.total_exact), (1, 1, true));
    let artist = SearchQuery { text: "tum".into(), kind: SearchType::Artist, limit: 9, ..Default::default() };
    assert_eq!(bench.library.search(artist).await.unwrap().total, 0);
}

#[tokio::test]
async fn pages_join_up_where_spelling_ends_and_sound_begins() {
    let bench = Bench::new().await;
    let titles = (0..1_400).map(|n| if n % 2 == 0 { format!("Dil {n}") } else { format!("दिल {n}") });
    let songs = titles.enumerate().map(|(n, title)| song(&format!("s{n}"), &title, "")).collect();
    bench.library.store_songs(bench.generation, songs).await.unwrap();
    let mut seen = BTreeSet::new();
    for offset in (0..1_400).step_by(100) {
        let query = SearchQuery { text: "dil".into(), limit: 100, offset, ..SearchQuery::default() };
        let page = bench.library.search(query).await.unwrap();
        assert_eq!(page.songs.len(), 100, "{offset}");
        let spelt = page.songs.iter().filter(|view| view.song.content.title.is_ascii()).count();
        assert_eq!(spelt, if offset < 700 { 100 } else { 0 }, "{offset}");
        seen.extend(page.songs.into_iter().map(|view| view.song.id));
    }
    assert_eq!(seen.len(), 1_400);
}

#[tokio::test]
async fn saved_songs_are_found_by_sound_too_and_what_changes_sounds_anew() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "दिल की बात", "")).await;
    bench.library.add(id).await.unwrap();
    let query = EntryQuery { filter: "dil ki baat".into(), limit: 9, ..EntryQuery::default() };
    assert_eq!(bench.library.entries(query.clone()).await.unwrap().total, 1);
    bench.library.record_play(id, 100, true).await.unwrap();
    bench.store(song("s1", "काला", "")).await;
    assert_eq!(bench.library.entries(query).await.unwrap().total, 0);
    assert_eq!(bench.titles("kaala").await, ["काला"]);
    let documents: i64 =
        inspect(&bench.file()).query_row("SELECT count(*) FROM sound", [], |row| row.get(0)).unwrap();
    assert_eq!(documents, 1);
}

#[tokio::test]
async fn songs_that_were_there_before_the_index_come_into_it_by_and_by() {
    let bench = Bench::new().await;
    let songs = (0..2_500).map(|n| song(&format!("s{n}"), &format!("गाना {n}"), "")).collect();
    bench.library.store_songs(bench.generation, songs).await.unwrap();
    let file = bench.file();
    let folder = bench.folder;
    drop(bench.library);
    // As an update finds it, and then once more as a kill in its midst leaves it.
    let other = inspect(&file);
    other.execute("DELETE FROM sound", []).unwrap();
    other.execute("INSERT INTO setting (key, value) VALUES ('search.sound_next', '0')", []).unwrap();
    drop(other);
    for _ in 0..2 {
        drop(Library::open(&file).unwrap());
    }
    let library = Library::open(&file).unwrap();
    let begun = std::time::Instant::now();
    while library.setting("search.sound_next").await.unwrap().is_some() {
        assert!(begun.elapsed().as_secs() < 60, "it does not end");
        tokio::task::yield_now().await;
    }
    let query = SearchQuery { text: "gaana".into(), limit: 1, offset: 2_499, ..SearchQuery::default() };
    let page = library.search(query).await.unwrap();
    assert_eq!((page.songs.len(), page.total), (1, 2_500));
    let documents = |table: &str| -> i64 {
        inspect(&file).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((documents("sound"), documents("search")), (2_500, 2_500), "each song is in it once");
    drop(library);
    drop(folder);
}
