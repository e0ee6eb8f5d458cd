//! Songs keep their id and lose nothing, whatever the service calls them and however little it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::collections::BTreeMap;

use common::{Bench, entry, song};
use melody_library::{Changes, Error};
use melody_model::{AudioFile, JsonMap, Rendition, ServerId, SongId};
use serde_json::json;

fn map(value: serde_json::Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn an_answer_comes_back_in_its_order_under_stable_ids() {
    let bench = Bench::new().await;
    let page = vec![song("b", "B", ""), song("a", "A", ""), song("b", "B", ""), song("c", "C", "")];
    let first = bench.library.store_songs(bench.generation, page.clone()).await.unwrap();
    let titles: Vec<_> = first.iter().map(|song| song.content.title.as_str()).collect();
    assert_eq!(titles, ["B", "A", "B", "C"]);
    assert_eq!(first[0].id, first[2].id);
    assert_eq!(first[1].server_id, Some(ServerId::from("a")));

    let bench = bench.reopen();
    assert_eq!(bench.library.store_songs(bench.generation, page).await.unwrap(), first);
    let ids = vec![first[3].id, SongId::new(), first[0].id];
    let views = bench.library.songs(ids).await.unwrap();
    assert_eq!(views.iter().map(|view| &*view.song.content.title).collect::<Vec<_>>(), ["C", "B"]);
}

#[tokio::test]
async fn a_poorer_answer_erases_nothing_that_a_richer_one_gave() {
    let bench = Bench::new().await;
    let mut rich = song("s", "Tum Hi Ho", "Arijit Singh");
    rich.content.album = Some("Aashiqui 2".to_owned());
    rich.content.language = Some("hi".to_owned());
    rich.content.genre = vec!["film".to_owned()];
    rich.content.release_year = Some(2013);
    rich.content.popularity = 90;
    rich.content.explicit = true;
    rich.content.thumbnail_url = Some("/covers/1".to_owned());
    rich.content.external_ids = BTreeMap::from([("spotify".to_owned(), "x".to_owned())]);
    let file = AudioFile { url: "/audio/1".to_owned(), ..AudioFile::default() };
    rich.content.audio_files = BTreeMap::from([(Rendition::Original, file.clone())]);
    rich.details.lyrics = Some("हम तेरे बिन".to_owned());
    rich.details.metadata = Some(map(json!({ "bpm": 94 })));
    rich.extra = map(json!({ "isrc": "IN1", "label": "T" }));
    let id = bench.store(rich.clone()).await;

    let mut poor = song("s", "Tum Hi Ho", "");
    poor.content.duration_s = None;
    poor.extra = map(json!({ "label": "T-Series" }));
    bench.store(poor).await;
    assert_eq!(bench.library.song(id).await.unwrap().unwrap().song.content, rich.content);
    let kept = bench.library.song_details(id).await.unwrap().unwrap();
    assert_eq!(kept.details, rich.details);
    assert_eq!(kept.extra, map(json!({ "isrc": "IN1", "label": "T-Series" })));

    let mut news = song("s", "Tum Hi Ho (Remix)", "Arijit Singh");
    news.content.popularity = 95;
    let other = AudioFile { url: "/audio/2".to_owned(), ..AudioFile::default() };
    news.content.audio_files = BTreeMap::from([(Rendition::Instrumental, other.clone())]);
    bench.store(news).await;
    let now = bench.library.song(id).await.unwrap().unwrap().song.content;
    assert_eq!((&*now.title, now.popularity), ("Tum Hi Ho (Remix)", 95));
    let both = BTreeMap::from([(Rendition::Original, file), (Rendition::Instrumental, other)]);
    assert_eq!(now.audio_files, both);
    assert_eq!(bench.library.song_details(SongId::new()).await.unwrap(), None);
}

#[tokio::test]
async fn another_generation_recognises_a_song_by_foreign_ids_then_by_name() {
    let bench = Bench::new().await;
    let with_ids = |server_id: &str, title: &str, ids: &[(&str, &str)]| {
        let mut remote = song(server_id, title, "A");
        remote.content.external_ids = ids.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        remote
    };
    let by_id = bench.store(with_ids("g1", "Old title", &[("spotify", "S1"), ("youtube", "Y1")])).await;
    let by_name = bench.store(song("g2", "ज\u{93c}िंदगी", "Lata")).await;
    let twin = bench.store(song("g3", "Twin", "X")).await;
    let twin_too = bench.store(song("g4", "Twin", "X")).await;
    let same_ids = bench.store(with_ids("g5", "Same A", &[("spotify", "S9")])).await;
    let same_ids_too = bench.store(with_ids("g6", "Same B", &[("spotify", "S9")])).await;

    let blue = bench.library.generation("blue").await.unwrap();
    assert_ne!(blue, bench.generation);
    assert_eq!(bench.library.song(by_id).await.unwrap().unwrap().song.server_id, None);
    let store = async |remote| bench.library.store_songs(blue, vec![remote]).await.unwrap()[0].id;

    assert_eq!(store(with_ids("64f1", "New title", &[("youtube", "Y1")])).await, by_id);
    let mut named = song("64f2", "\u{95b}िंदगी", "LATA");
    named.content.duration_s = Some(202);
    assert_eq!(store(named).await, by_name);
    // Known now: another id with the same name is another song.
    assert_ne!(store(song("64f2b", "ज\u{93c}िंदगी", "Lata")).await, by_name);
    let mut longer = song("64f3", "Old title", "A");
    longer.content.duration_s = Some(203);
    assert_ne!(store(longer).await, by_id);
    // A tie is no match, by name or by id.
    let third = store(song("64f4", "Twin", "X")).await;
    assert!(third != twin && third != twin_too);
    let third = store(with_ids("64f5", "Same A", &[("spotify", "S9")])).await;
    assert!(third != same_ids && third != same_ids_too);
    // Nor is one of ours that two of theirs may be, in one answer or in later ones; an id decides.
    let alone = bench.store(song("g8", "Triplet", "T")).await;
    let with_id = bench.store(with_ids("g9", "Both", &[("spotify", "S10")])).await;
    let together = vec![
        song("64f8", "Triplet", "T"),
        song("64f9", "Triplet", "T"),
        song("64fa", "Both", "Artist"),
        with_ids("64fb", "Both", &[("spotify", "S10")]),
    ];
    let stored = bench.library.store_songs(blue, together).await.unwrap();
    assert!(stored.iter().take(3).all(|one| one.id != alone && one.id != with_id));
    assert_eq!(stored[3].id, with_id);
    assert_ne!(store(song("64fc", "Triplet", "T")).await, alone);
    // The same text under another catalogue is no common id, nor is a missing duration an equal one.
    assert_ne!(store(with_ids("64f6", "Else", &[("lastfm", "S9")])).await, same_ids);
    let mut unknown = song("64f7", "Twin", "Y");
    bench.store(song("g7", "Twin", "Y")).await;
    unknown.content.duration_s = None;
    assert_eq!(
        bench.library.song(store(unknown).await).await.unwrap().unwrap().song.content.duration_s,
        None
    );

    // Both generations keep their own word for it, and the way back finds the same song.
    let view = bench.library.song(by_id).await.unwrap().unwrap();
    assert_eq!(view.song.server_id, Some(ServerId::from("64f1")));
    assert_eq!(bench.library.server_id(by_id, bench.generation).await.unwrap(), Some(ServerId::from("g1")));
    assert_eq!(bench.library.generation("green").await.unwrap(), bench.generation);
    let view = bench.library.song(by_id).await.unwrap().unwrap();
    assert_eq!(view.song.server_id, Some(ServerId::from("g1")));
    let current = bench.library.current_generation().await.unwrap().unwrap();
    assert_eq!((current.id, &*current.dialect), (bench.generation, "green"));
}

#[tokio::test]
async fn any_id_of_a_song_or_its_entry_names_the_song() {
    let bench = Bench::new().await;
    let id = bench.store(song("3f1e9a50-7e9f-4a43-9c2f-000000000001", "A", "")).await;
    bench
        .library
        .store_entries(bench.generation, vec![entry("library_1", song("s2", "B", ""))])
        .await
        .unwrap();
    let other = bench.library.resolve("s2").await.unwrap().unwrap();
    let saved = bench.library.entry_of(other).await.unwrap().unwrap();
    let blue = bench.library.generation("blue").await.unwrap();
    bench.library.store_songs(blue, vec![song("64f0c2a1b3d4e5f60718293a", "A", "")]).await.unwrap();
    bench.library.generation("green").await.unwrap();
    for (text, expected) in [
        (id.to_string(), Some(id)),
        ("3f1e9a50-7e9f-4a43-9c2f-000000000001".to_owned(), Some(id)),
        ("64f0c2a1b3d4e5f60718293a".to_owned(), Some(id)),
        (" library_1 ".to_owned(), Some(other)),
        (saved.id.to_string(), Some(other)),
        (SongId::new().to_string(), None),
        ("track_9".to_owned(), None),
        (String::new(), None),
    ] {
        assert_eq!(bench.library.resolve(&text).await.unwrap(), expected, "{text}");
    }
}

#[tokio::test]
async fn answers_are_read_in_their_order_and_pages_join_up() {
    let bench = Bench::new().await;
    let page: Vec<_> = (0..30).map(|n| song(&format!("s{n}"), &format!("Song {n}"), "")).collect();
    let songs = bench.library.store_songs(bench.generation, page).await.unwrap();
    let ids: Vec<SongId> = songs.iter().rev().map(|song| song.id).collect();
    let read = async |key: &str, limit, offset| {
        let answer = bench.library.answer(key, limit, offset).await.unwrap()?;
        let ids: Vec<_> = answer.page.songs.iter().map(|view| view.song.id).collect();
        Some((ids, answer.page.total, answer.page.total_exact))
    };
    let generation = bench.generation;
    assert_eq!(read("k", 10, 0).await, None);
    bench.library.store_answer("k", generation, &ids[..10], Some(30), 0).await.unwrap();
    assert_eq!(read("k", 10, 0).await, Some((ids[..10].to_vec(), 30, true)));
    assert_eq!(read("k", 10, 10).await, None, "a page never asked for is not an empty one");
    bench.library.store_answer("k", generation, &ids[20..], Some(30), 20).await.unwrap();
    assert_eq!(read("k", 20, 5).await, Some((ids[5..10].to_vec(), 30, true)), "up to the gap");
    bench.library.store_answer("k", generation, &ids[10..20], Some(30), 10).await.unwrap();
    assert_eq!(read("k", 30, 0).await, Some((ids.clone(), 30, true)));
    assert_eq!(read("k", 30, 30).await, Some((vec![], 30, true)));
    // A new first page is a new answer; so is one of another generation.
    bench.library.store_answer("k", generation, &ids[1..3], None, 0).await.unwrap();
    assert_eq!(read("k", 30, 0).await, Some((ids[1..3].to_vec(), 2, false)));
    bench.library.store_answer("empty", generation, &[], Some(0), 0).await.unwrap();
    assert_eq!(read("empty", 30, 0).await, Some((vec![], 0, true)));

    for n in 0..205 {
        bench.library.store_answer(&format!("q{n}"), generation, &ids[..1], Some(1), 0).await.unwrap();
    }
    assert_eq!(read("k", 1, 0).await, None);
    assert_eq!(read("q4", 1, 0).await, None);
    assert!(read("q5", 1, 0).await.is_some());
    let kept: i64 = common::inspect(&bench.file())
        .query_row("SELECT count(*) FROM answer_song", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 200, "evicted answers leave no rows behind");
    let unknown = bench.library.store_answer("q", generation, &[SongId::new()], None, 0).await;
    assert!(matches!(unknown, Err(Error::UnknownSong(_))));
}

#[tokio::test]
async fn a_guest_carries_its_cache_over() {
    let guest = Bench::new().await;
    let found = guest.store(song("s1", "Found as guest", "")).await;
    let both = guest.store(song("s2", "Known to both", "")).await;
    guest.library.store_answer("found", guest.generation, &[both, found], Some(2), 0).await.unwrap();
    guest.library.set_setting("server", &json!("guest's")).await.unwrap();
    let file = guest.file();

    let account = Bench::new().await;
    let mut known = song("s2", "Known to both", "");
    known.content.album = Some("Album".to_owned());
    let ours = account.store(known).await;
    account.library.carry_over_from(&file).await.unwrap();
    account.library.carry_over_from(&file).await.unwrap();

    let answer = account.library.answer("found", 10, 0).await.unwrap().unwrap();
    let ids: Vec<_> = answer.page.songs.iter().map(|view| view.song.id).collect();
    assert_eq!(ids, [ours, found], "a song keeps the guest's id unless the account had one");
    assert_eq!(answer.page.songs[0].song.content.album.as_deref(), Some("Album"));
    assert_eq!(answer.page.songs[1].song.server_id, Some(ServerId::from("s1")));
    assert_eq!(account.titles("guest").await, ["Found as guest"]);
    assert_eq!(account.library.setting("server").await.unwrap(), None);
    assert_eq!(guest.titles("found").await, ["Found as guest"], "the guest's stays as it is");
    account.library.carry_over_from(&file.with_file_name("none.db")).await.unwrap();
    assert!(!file.with_file_name("none.db").exists());
}

#[tokio::test]
async fn a_guest_only_fills_gaps_of_what_the_account_knows() {
    let told = |title: &str, popularity, file: &str, lyrics: &str, extra: serde_json::Value| {
        let mut song = song("s1", title, "Artist");
        song.content.popularity = popularity;
        let file = AudioFile { url: file.to_owned(), ..AudioFile::default() };
        song.content.audio_files = BTreeMap::from([(Rendition::Original, file)]);
        song.details.lyrics = Some(lyrics.to_owned());
        song.extra = map(extra);
        song
    };
    let guest = Bench::new().await;
    let mut stale = told("Typo", 10, "/stale", "old words", json!({ "mood": "old", "key": "C" }));
    stale.content.album = Some("Album".to_owned());
    stale.details.metadata = Some(map(json!({ "bpm": 94 })));
    guest.store(stale).await;

    let account = Bench::new().await;
    let fresh = told("Title", 90, "/fresh", "new words", json!({ "mood": "new" }));
    let id = account.store(fresh.clone()).await;
    account.library.carry_over_from(&guest.file()).await.unwrap();

    let kept = account.library.song(id).await.unwrap().unwrap().song.content;
    let mut expected = fresh.content;
    expected.album = Some("Album".to_owned());
    assert_eq!(kept, expected);
    let kept = account.library.song_details(id).await.unwrap().unwrap();
    assert_eq!(kept.details.lyrics.as_deref(), Some("new words"));
    assert_eq!(kept.details.metadata, Some(map(json!({ "bpm": 94 }))));
    assert_eq!(kept.extra, map(json!({ "mood": "new", "key": "C" })));
    assert_eq!(account.titles("title").await, ["Title"]);
    assert_eq!(account.titles("typo").await, [""; 0]);
    assert_eq!(account.titles("album").await, ["Title"], "what came is found");
}

#[tokio::test]
async fn settings_are_kept_replaced_and_forgotten() {
    let bench = Bench::new().await;
    assert_eq!(bench.library.setting("user").await.unwrap(), None);
    let user = json!({ "id": "u1", "preferences": { "languages": ["hi"] } });
    bench.library.set_setting("user", &user).await.unwrap();
    let bench = bench.reopen();
    assert_eq!(bench.library.setting("user").await.unwrap(), Some(user));
    bench.library.set_setting("user", &json!(1)).await.unwrap();
    assert_eq!(bench.library.setting("user").await.unwrap(), Some(json!(1)));
    bench.library.set_setting("user", &json!(null)).await.unwrap();
    assert_eq!(bench.library.setting("user").await.unwrap(), None);
}

#[tokio::test]
async fn listeners_hear_what_became_stale_and_nothing_else() {
    let bench = Bench::new().await;
    let mut heard = bench.library.changes();
    let id = bench.store(song("s1", "A", "")).await;
    assert_eq!(heard.recv().await.unwrap(), Changes { songs: vec![id], ..Changes::default() });
    bench.store(song("s1", "A", "")).await;
    bench.library.set_setting("volume", &json!(1)).await.unwrap();
    assert!(heard.try_recv().is_err(), "nothing changed");
    let entry = bench.library.add(id).await.unwrap();
    let expected = Changes { songs: vec![id], entries: vec![entry.id], outbox: true, ..Changes::default() };
    assert_eq!(heard.recv().await.unwrap(), expected);
    bench.library.add(id).await.unwrap();
    assert!(heard.try_recv().is_err(), "saved already");
}
