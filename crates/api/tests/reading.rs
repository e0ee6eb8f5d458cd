//! Reading: every form of an answer that the contract lists, from recorded answers.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use melody_api::{LibraryRequest, SearchRequest};
use melody_model::{Rendition, ServerId};
use serde_json::{Value, json};
use support::{Scripted, json as say_json, recorded, say};

const SEARCH: &str = "GET /api/v1/music/search";

#[tokio::test]
async fn a_song_reads_the_same_in_every_form() {
    for (file, id, extra) in [
        ("blue-search.json", "track_12345", vec!["sources"]),
        ("green-search.json", "3f1e9a50-7e9f-4a43-9c2f-000000000001", vec![]),
        ("green-strings.json", "3f1e9a50-7e9f-4a43-9c2f-000000000001", vec!["external_ids"]),
        ("storage-search.json", "64f0c2a1b3d4e5f60718293a", vec![]),
    ] {
        let server = Scripted::start().await;
        server.on(SEARCH, say_json(recorded(file)));
        let page = server.guest().search(SearchRequest::new("तुम")).await.unwrap();
        assert_eq!(page.skipped, 0, "{file}");
        assert_eq!(page.total, if file.starts_with("storage") { None } else { Some(150) }, "{file}");
        let song = &page.items[0];
        assert_eq!(song.server_id.as_str(), id, "{file}");
        let content = &song.content;
        assert_eq!(content.title, "तुम से ही");
        assert_eq!(content.artist, "Mohit");
        assert_eq!(content.album.as_deref(), Some("Pehli Baarish"));
        assert_eq!(content.language.as_deref(), Some("hi"));
        assert_eq!(content.duration_s, Some(262));
        assert_eq!(content.genre, ["Bollywood", "Romance"], "{file}");
        assert_eq!(content.release_year, Some(2013), "{file}");
        assert_eq!(content.popularity, 95);
        assert!(!content.explicit);
        assert_eq!(content.thumbnail_url.as_deref(), Some("https://cdn.example/thumb.jpg"));
        let ids: Vec<_> = content.external_ids.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(ids, [("spotify", "sp1"), ("youtube", "yt1")], "{file}");
        assert_eq!(content.audio_files.len(), 1);
        assert_eq!(content.audio_files[&Rendition::Original].url, "/media/12345.flac");
        assert_eq!(song.extra.keys().collect::<Vec<_>>(), extra, "{file}");
    }
}

#[tokio::test]
async fn what_has_no_name_here_is_kept() {
    let server = Scripted::start().await;
    server.on(SEARCH, say_json(recorded("blue-search.json")));
    let page = server.guest().search(SearchRequest::new("x")).await.unwrap();
    let sources = &page.items[0].extra["sources"];
    assert_eq!(sources["spotify"]["previewUrl"], "https://sp.example/p.mp3");
    assert_eq!(sources["youtube"]["available"], false);
}

#[tokio::test]
async fn a_malformed_item_costs_that_item() {
    let server = Scripted::start().await;
    server.on(SEARCH, say_json(recorded("malformed-search.json")));
    let page = server.guest().search(SearchRequest::new("x")).await.unwrap();
    let titles: Vec<_> = page.items.iter().map(|song| song.content.title.as_str()).collect();
    assert_eq!(titles, ["One", "Five", "1989"]);
    assert_eq!((page.skipped, page.total), (5, Some(8)));
    let five = &page.items[1];
    assert_eq!(five.content.duration_s, None);
    assert_eq!(five.extra["duration"], "three minutes", "what is not understood is not lost");
    assert_eq!(five.extra["mood"], "calm");
    assert_eq!(five.extra["genre"], 7);
    let last = &page.items[2];
    assert_eq!(last.server_id.as_str(), "6");
    assert!(last.extra.is_empty(), "absent equals null: {:?}", last.extra);
}

#[tokio::test]
async fn the_song_in_full_has_lyrics_and_metadata_with_keys_as_stored() {
    for (file, year) in [("blue-track.json", Some(1999)), ("green-track.json", Some(1999))] {
        let server = Scripted::start().await;
        server.on("GET /api/v1/music/track/track_12345", say_json(recorded(file)));
        let song = server.guest().track(&ServerId::from("track_12345")).await.unwrap();
        assert_eq!(song.content.title, "Raat", "{file}");
        assert_eq!(song.details.lyrics.as_deref(), Some("La la la"));
        let metadata = song.details.metadata.unwrap();
        assert_eq!((&metadata["bpm"], &metadata["key"]), (&json!(120), &json!("C major")));
        assert_eq!(metadata["releaseYear"], 1999, "{file}: left in the spelling that came");
        assert_eq!(song.content.release_year, year);
    }
}

#[tokio::test]
async fn an_entry_reads_the_same_in_every_form() {
    for (file, id, song_id) in [
        ("blue-library.json", "library_1", "track_1"),
        (
            "green-library.json",
            "3f1e9a50-7e9f-4a43-9c2f-00000000000a",
            "3f1e9a50-7e9f-4a43-9c2f-000000000001",
        ),
        ("flat-library.json", "library_1", "track_1"),
    ] {
        let server = Scripted::start().await;
        server.on("GET /api/v1/library/songs", say_json(recorded(file)));
        let page = server.signed_in().await.library_songs(LibraryRequest::default()).await.unwrap();
        assert_eq!((page.items.len(), page.skipped, page.total), (1, 0, Some(1)), "{file}");
        let entry = &page.items[0];
        assert_eq!(entry.server_id.as_str(), id, "{file}");
        assert_eq!(entry.song.server_id.as_str(), song_id, "{file}");
        assert_eq!(entry.song.content.title, "Raat");
        assert_eq!(entry.song.content.duration_s, Some(200));
        assert_eq!(entry.added_at, Some("2024-01-15T10:30:00Z".parse().unwrap()), "{file}");
        assert_eq!(entry.last_played_at, Some("2024-01-20T14:22:00Z".parse().unwrap()), "{file}");
        assert_eq!(entry.play_count, 15);
        assert!(entry.has_instrumental, "{file}");
        let files = &entry.song.content.audio_files;
        assert_eq!(files[&Rendition::Original].url, "/a.flac");
        let instrumental = &files[&Rendition::Instrumental];
        assert_eq!(instrumental.url, "/new.flac", "{file}: the entry's own address wins");
        assert_eq!(instrumental.format, None, "what was said of the other file does not hold for this one");
        let status = entry.extra.get("instrumental_status").or(entry.extra.get("instrumentalStatus"));
        assert_eq!(status, Some(&json!("completed")), "{file}");
    }
}

#[tokio::test]
async fn a_profile_reads_the_same_in_both_forms() {
    for (path, file) in [("user", "blue-profile.json"), ("users", "green-profile.json")] {
        let server = Scripted::start().await;
        server.on(&format!("GET /api/v1/{path}/profile"), say_json(recorded(file)));
        let user = server.signed_in().await.profile().await.unwrap();
        assert_eq!(user.name.as_deref(), Some("Meera"), "{file}");
        assert_eq!(user.avatar_url.as_deref(), Some("https://cdn.example/a.jpg"));
        assert_eq!(user.preferences["languages"], json!(["hi", "ta"]), "{file}");
        assert_eq!(user.preferences["autoConvertToInstrumental"], false);
        let stats = user.stats.clone().unwrap();
        assert_eq!((stats.songs, stats.playtime_s, stats.conversions), (Some(45), Some(12450), Some(8)));
        assert_eq!(stats.joined_at, Some("2024-01-01T00:00:00Z".parse().unwrap()));
        assert!(!format!("{user:?}").contains("9876543210"), "the number is not kept");
    }
}

#[tokio::test]
async fn an_added_song_may_be_told_in_full_or_by_its_id() {
    let full = recorded("blue-library.json")["data"]["songs"][0].clone();
    for (answer, id, has_entry) in [
        (json!({"success": true, "data": full}), Some("library_1"), true),
        (json!({"success": true, "data": {"song": full}}), Some("library_1"), true),
        (
            json!({"success": true, "data": {"libraryItem": {"id": "library_1", "trackId": "track_1"}}}),
            Some("library_1"),
            false,
        ),
        (json!({"library_item": full}), Some("library_1"), true),
        (json!({"data": {"library_id": "library_1"}}), Some("library_1"), false),
        (json!({"success": true, "message": "ok"}), None, false),
    ] {
        let server = Scripted::start().await;
        server.on("POST /api/v1/library/songs", say_json(answer.clone()));
        let added = server.signed_in().await.library_add(&ServerId::from("track_1")).await.unwrap();
        assert_eq!(added.server_id.as_ref().map(ServerId::as_str), id, "{answer}");
        assert_eq!(added.entry.is_some(), has_entry, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error_and_not_an_empty_page() {
    for body in ["{}", "[1", r#"{"success":true,"data":{"tracks":{}}}"#, "\"tracks\"", "5", ""] {
        let server = Scripted::start().await;
        server.on(SEARCH, say(200, body));
        let error = server.guest().search(SearchRequest::new("x")).await.unwrap_err();
        assert!(error.retryable(), "{body}: {error}");
    }
    for body in [json!([]), json!({"data": []}), json!({"data": {"tracks": null}}), json!({"results": []})] {
        let server = Scripted::start().await;
        server.on(SEARCH, say_json(body.clone()));
        let page = server.guest().search(SearchRequest::new("x")).await.unwrap();
        assert!(page.items.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn a_play_is_counted_by_the_service() {
    let line = "POST /api/v1/library/songs/library_1/play";
    for answer in [
        json!({"success": true, "data": {"playCount": 16, "lastPlayedAt": "2024-01-20T14:22:00Z"}}),
        json!({"play_count": "16", "last_played_at": "2024-01-20T14:22:00"}),
        json!({"data": {"song": {"playCount": 16.0, "lastPlayedAt": "2024-01-20T19:52:00+05:30"}}}),
    ] {
        let server = Scripted::start().await;
        server.on(line, say_json(answer.clone()));
        let count = server.signed_in().await.library_play(&"library_1".into(), 180, true).await.unwrap();
        assert_eq!(count.play_count, Some(16), "{answer}");
        assert_eq!(count.last_played_at, Some("2024-01-20T14:22:00Z".parse().unwrap()), "{answer}");
        let body = &server.asked_at(line)[0].body;
        assert_eq!(body["completed"], true);
    }
    let server = Scripted::start().await;
    server.on(line, say(204, ""));
    let count = server.signed_in().await.library_play(&"library_1".into(), 3, false).await.unwrap();
    assert_eq!(count.play_count, None);
}

#[tokio::test]
async fn trending_reads_like_a_search() {
    let server = Scripted::start().await;
    let mut body = recorded("green-search.json");
    body["data"]["timeframe"] = Value::from("daily");
    server.on("GET /api/v1/music/trending", say_json(body));
    let page = server.guest().trending(Some("hi"), melody_model::Timeframe::Daily, 500).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let query = &server.asked()[0].query;
    let sent: Vec<_> = query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(sent, [("language", "hi"), ("limit", "50"), ("timeframe", "daily")]);
}
