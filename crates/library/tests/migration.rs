//! A library of the first schema, with all that a listener can have in it, is brought to today's with nothing lost.

#![allow(clippy::unwrap_used)] // All of it is test.

mod common;

use common::inspect;
use melody_library::{Action, DownloadState, EntryQuery, Library, OperationKind, SearchQuery};
use melody_model::{OperationId, Rendition, SongId};
use serde_json::json;

/// As the first program wrote it: three songs, two of them saved, one removed since; changes of each kind, in each state.
const DATA: &str = r#"
INSERT INTO generation (id, dialect, first_seen) VALUES (1, 'green', 1700000000000000);
INSERT INTO setting VALUES ('library.generation', '1'), ('kept', '{"by":"the first"}');
INSERT INTO song VALUES
    (1, x'01890000000070008000000000000001', (10 << 48) | (65528 << 32) | 1, 11, 'तुम ही हो', 'अरिजीत सिंह',
     'आशिक़ी', 'hi', 262, '["filmi"]', 2013, 90, 0, '/covers/1.png', '{"spotify":"sp1"}',
     '{"original":{"url":"/audio/1.flac","format":"flac"}}'),
    (2, x'01890000000070008000000000000002', (50 << 48) | (65535 << 32) | 2, 12, 'வானம்', 'Anand', NULL, 'ta', 200, '[]', NULL, 50, 0, NULL, '{}', '{}'),
    (3, x'01890000000070008000000000000003', (90 << 48) | (65534 << 32) | 3, 13, 'Monsoon Letters', 'Maya', NULL, 'en', 180, '[]', 2020, 10, 1, NULL,
     '{}', '{}');
INSERT INTO song_alias VALUES (x'018900000000700080000000000000aa', 2);
INSERT INTO song_detail VALUES (1, 'हम तेरे बिन', '{"bpm":94}', '{"mood":"sad"}');
INSERT INTO song_server_id VALUES (1, 's1', 1), (1, 's2', 2), (1, 's3', 3);
INSERT INTO search (rowid, title, artist, album, language) VALUES
    ((SELECT docid FROM song WHERE n = 1), 'तुम ही हो', 'अरिजीत सिंह', 'आशिकी', NULL),
    ((SELECT docid FROM song WHERE n = 2), 'வானம்', 'anand', NULL, NULL),
    ((SELECT docid FROM song WHERE n = 3), 'monsoon letters', 'maya', NULL, NULL);
INSERT INTO entry VALUES
    (1, x'01890000000070008000000000000011', 1, 1700000001000000, 7, 1700000009000000, 0, NULL, 'तुम ही हो', 'अरिजीत सिंह', '{}'),
    (2, x'01890000000070008000000000000012', 2, 1700000002000000, 0, NULL, 0, NULL, 'வானம்', 'anand', '{}'),
    (3, x'01890000000070008000000000000013', 3, 1700000003000000, 1, NULL, 0, 1700000008000000, 'monsoon letters', 'maya', '{}');
INSERT INTO entry_server_id VALUES (1, 'e1', 1), (1, 'e3', 3);
INSERT INTO operation (id, song, entry, kind, payload, created_at, state, attempts, uncertain, reason, done_at, done_generation)
VALUES
    (x'01890000000070008000000000000021', 1, x'01890000000070008000000000000011', 'add', '"add"', 1700000001000000, 'done', 1, 0,
     NULL, 1700000001500000, 1),
    (x'01890000000070008000000000000022', 2, x'01890000000070008000000000000012', 'add', '"add"', 1700000002000000, 'queued', 0, 0,
     NULL, NULL, NULL),
    (x'01890000000070008000000000000023', 3, x'01890000000070008000000000000013', 'remove', '{"remove":{"seen":{"1":"e3"}}}',
     1700000008000000, 'sending', 1, 1, NULL, NULL, NULL),
    (x'01890000000070008000000000000024', 1, x'01890000000070008000000000000011', 'play',
     '{"play":{"seconds":200,"completed":true,"played_at":"2023-11-14T22:13:29Z"}}', 1700000009000000, 'parked', 3, 0,
     'Too many.', NULL, NULL);
INSERT INTO download VALUES (1, 'original', 'done', 'audio/1.flac', 9000, 9000, NULL, 1),
    (2, 'original', 'running', NULL, 300, 900, NULL, 1), (3, 'original', 'failed', NULL, 0, NULL, 'It is damaged.', 1);
INSERT INTO answer VALUES (1, 'search track all * rain', 1, 2, 1700000000000000, 1700000000000000);
INSERT INTO answer_song VALUES (1, 0, 3), (1, 1, 1);
"#;

fn id(last: &str) -> String {
    format!("01890000-0000-7000-8000-0000000000{last}")
}

#[tokio::test]
async fn everything_of_the_first_schema_is_there_in_todays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.db");
    let old = inspect(&file);
    old.execute_batch(include_str!("../src/schema/0001.sql")).unwrap();
    old.execute_batch(DATA).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.pragma_update(None, "application_id", 0x4D4C_4459).unwrap();
    drop(old);
    let library = Library::open(&file).unwrap();
    let song = |last: &str| id(last).parse::<SongId>().unwrap();

    let listed = library.entries(EntryQuery { limit: 10, ..EntryQuery::default() }).await.unwrap();
    let saved: Vec<_> = listed.entries.iter().map(|e| (&*e.song.song.content.title, e.play_count)).collect();
    assert_eq!(saved, [("வானம்", 0), ("तुम ही हो", 7)], "the latest first, and none that was removed");
    assert!(listed.entries[0].pending && !listed.entries[0].downloaded);
    assert!(listed.entries[1].downloaded);
    assert_eq!(listed.entries[1].last_played_at.unwrap().as_microsecond(), 1_700_000_009_000_000);

    let known = library.song(song("01")).await.unwrap().unwrap().song;
    assert_eq!(known.server_id.unwrap().as_str(), "s1");
    assert_eq!(known.content.album.as_deref(), Some("आशिक़ी"));
    assert_eq!(known.content.audio_files[&Rendition::Original].url, "/audio/1.flac");
    let details = library.song_details(song("01")).await.unwrap().unwrap();
    assert_eq!(details.details.lyrics.as_deref(), Some("हम तेरे बिन"));
    assert_eq!(
        (&details.details.metadata.unwrap()["bpm"], &details.extra["mood"]),
        (&json!(94), &json!("sad"))
    );
    for named in [id("02"), id("aa"), id("12"), "s2".into()] {
        let resolved = library.resolve(&named).await.unwrap().unwrap();
        assert_eq!(library.song(resolved).await.unwrap().unwrap().song.content.title, "வானம்", "{named}");
    }

    let pending = library.pending_operations(10).await.unwrap();
    let kinds: Vec<_> = pending.iter().map(|op| (op.id, op.action.kind(), op.uncertain)).collect();
    let op = |last: &str| OperationId(id(last).parse().unwrap());
    assert_eq!(kinds, [(op("22"), OperationKind::Add, false), (op("23"), OperationKind::Remove, true)]);
    assert!(matches!(&pending[1].action, Action::Remove { seen } if seen.len() == 1));
    let status = library.outbox_status().await.unwrap();
    assert_eq!((status.pending, status.parked.len(), &*status.parked[0].reason), (2, 1, "Too many."));
    assert_eq!(status.parked[0].op, op("24"));
    let heard: i64 =
        inspect(&file).query_row("SELECT count(*) FROM acknowledgement", [], |row| row.get(0)).unwrap();
    assert_eq!(heard, 1, "what was heard stays heard");

    let of = async |last: &str| library.download_of(song(last), Rendition::Original).await.unwrap().unwrap();
    let done = of("01").await;
    assert_eq!(
        (done.state, done.path.as_deref(), done.bytes),
        (DownloadState::Done, Some("audio/1.flac"), 9_000)
    );
    assert_eq!((of("02").await.state, of("02").await.bytes), (DownloadState::Queued, 300));
    assert_eq!(
        (of("03").await.state, of("03").await.error.as_deref()),
        (DownloadState::Failed, Some("It is damaged."))
    );
    let answer = library.answer("search track all * rain", 10, 0).await.unwrap().unwrap();
    let titles: Vec<_> = answer.page.songs.iter().map(|view| &*view.song.content.title).collect();
    assert_eq!(titles, ["Monsoon Letters", "तुम ही हो"]);
    assert_eq!(library.setting("kept").await.unwrap(), Some(json!({"by": "the first"})));

    let begun = std::time::Instant::now();
    while library.setting("search.sound_next").await.unwrap().is_some() {
        assert!(begun.elapsed().as_secs() < 60, "the index of sounds is never filled");
        tokio::task::yield_now().await;
    }
    let found = async |text: &str| {
        let query = SearchQuery { text: text.into(), limit: 10, ..SearchQuery::default() };
        let page = library.search(query).await.unwrap();
        page.songs.into_iter().map(|view| view.song.content.title).collect::<Vec<_>>()
    };
    for (text, title) in [
        ("तुम ही", "तुम ही हो"),
        ("tum hi ho", "तुम ही हो"),
        ("வானம்", "வானம்"),
        ("vaanam", "வானம்"),
        ("monsoon", "Monsoon Letters"),
    ] {
        assert_eq!(found(text).await, [title], "{text}");
    }
    // It goes on from there.
    library.record_play(song("02"), 200, true).await.unwrap();
    library.create_playlist("Rain", vec![song("03"), song("01")]).await.unwrap();
    assert_eq!(found("vaanam").await, ["வானம்"]);
    assert_eq!(library.playlists().await.unwrap()[0].songs, 2);
}
