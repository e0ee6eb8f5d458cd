//! The library over the wire.

use std::time::Duration;

use melody_server::{CatalogueChoice, Dialect, Options};
use serde_json::json;

use crate::harness::{BOTH, CODE, Caller, NUMBER, small, started};

#[tokio::test]
async fn an_entry_looks_as_each_dialect_has_it() {
    let server = started(small()).await;
    let blue = Caller::signed_in(&server, Dialect::Blue).await;
    let added = blue.add("Alpha").await;
    assert_eq!((added.status, &added.body["success"]), (201, &json!(true)));
    let entry = &added.body["data"];
    assert!(entry["libraryId"].as_str().unwrap().starts_with("library_"));
    assert_eq!(entry["track"]["title"], "Alpha");
    assert_eq!((&entry["playCount"], &entry["lastPlayedAt"]), (&json!(0), &json!(null)));
    assert_eq!(
        (&entry["hasInstrumental"], &entry["instrumentalStatus"]),
        (&json!(true), &json!("completed"))
    );
    assert!(entry["instrumentalUrl"].as_str().unwrap().contains("/instrumental.ogg"));

    let green = Caller::signed_in(&server, Dialect::Green).await;
    let page = green.get("/library/songs").await.body;
    assert_eq!(page["pagination"], json!({ "page": 1, "limit": 20, "total": 1, "total_pages": 1 }));
    let same = &page["data"]["songs"][0];
    assert!(uuid::Uuid::parse_str(same["library_id"].as_str().unwrap()).is_ok());
    assert_eq!(same["track"]["title"], "Alpha");
    let short = |time: &serde_json::Value| time.as_str().unwrap()[..22].to_owned();
    assert_eq!(short(&same["added_at"]), short(&entry["addedAt"]));

    let without = green.add("Gamma").await.body["data"].clone();
    assert_eq!(without["has_instrumental"], false);
    assert_eq!((&without["instrumental_status"], &without["instrumental_url"]), (&json!(null), &json!(null)));
    assert_eq!(without["track"]["audio_files"], json!({}));
}

#[tokio::test]
async fn adding_twice_makes_one_and_removing_twice_says_gone() {
    for dialect in BOTH {
        let server = started(small()).await;
        let caller = Caller::signed_in(&server, dialect).await;
        let first = caller.add("Alpha").await;
        let second = caller.add("Alpha").await;
        assert_eq!((first.status, second.status), (201, 200));
        assert_eq!(first.body["data"], second.body["data"]);
        assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 1);

        let id = first.body["data"][caller.name("library_id")].as_str().unwrap();
        assert_eq!(caller.delete(&format!("/library/songs/{id}")).await.status, 200);
        assert_eq!(caller.delete(&format!("/library/songs/{id}")).await.status, 404);
        assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 0);
        let body = caller.fields(json!({ "track_id": "nowhere" }));
        assert_eq!(caller.post("/library/songs", body).await.status, 404);
    }
}

#[tokio::test]
async fn plays_are_counted() {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    let added = caller.add("Alpha").await;
    let path = format!("/library/songs/{}/play", added.body["data"]["libraryId"].as_str().unwrap());
    let body = json!({ "secondsListened": 42, "completed": true });
    assert_eq!(caller.post(&path, body.clone()).await.body["data"]["playCount"], 1);
    let played = caller.post(&path, body).await.body["data"].clone();
    assert_eq!(played["playCount"], 2);
    assert!(played["lastPlayedAt"].is_string());
    let stats = caller.get("/user/profile").await.body["data"]["user"]["stats"].clone();
    assert_eq!((&stats["totalPlaytime"], &stats["totalSongs"]), (&json!(84), &json!(1)));
    let bad = caller.post(&path, json!({ "secondsListened": -1 })).await;
    assert_eq!(bad.status, 400);
    assert_eq!(caller.post("/library/songs/nowhere/play", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_library_is_sorted_filtered_and_paged() {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    for title in ["Beta", "Alpha", "Delta", "Gamma"] {
        caller.add(title).await;
        server.advance_clock(Duration::from_secs(1));
    }
    let beta = caller.get("/library/songs?sort=added&order=asc&limit=1").await.body;
    let beta = beta["data"]["songs"][0]["library_id"].as_str().unwrap().to_owned();
    caller.post(&format!("/library/songs/{beta}/play"), json!({})).await;
    for (query, expected) in [
        ("", ["Gamma", "Delta", "Alpha", "Beta"].as_slice()),
        ("?order=asc", &["Beta", "Alpha", "Delta", "Gamma"]),
        ("?sort=title", &["Alpha", "Beta", "Delta", "Gamma"]),
        ("?sort=artist", &["Delta", "Gamma", "Beta", "Alpha"]),
        ("?sort=plays&limit=1", &["Beta"]),
        ("?has_instrumental=true", &["Alpha"]),
        ("?has_instrumental=false&sort=title", &["Beta", "Delta", "Gamma"]),
        ("?limit=2&offset=3", &["Beta"]),
        ("?offset=10", &[]),
    ] {
        assert_eq!(caller.titles(query).await, expected, "{query}");
    }
    for query in ["?sort=colour", "?order=up", "?limit=0", "?has_instrumental=maybe"] {
        assert_eq!(caller.get(&format!("/library/songs{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn a_page_holds_a_hundred_at_most_and_users_do_not_share() {
    let server = started(Options { catalogue: CatalogueChoice::Synthetic(250), ..small() }).await;
    server.fill_library(CODE, NUMBER, 230).unwrap();
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    assert_eq!(caller.titles("?limit=500").await.len(), 100);
    assert_eq!(caller.titles("?limit=100&offset=200").await.len(), 30);
    let mut other = Caller::new(&server, Dialect::Blue);
    other.token = Some(other.sign_in("+49", NUMBER).await[0].clone());
    assert!(other.titles("").await.is_empty());
    let entry = caller.get("/library/songs?limit=1").await.body["data"]["songs"][0].clone();
    let id = entry["libraryId"].as_str().unwrap();
    assert_eq!(other.delete(&format!("/library/songs/{id}")).await.status, 404);
    assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 230);
}

#[tokio::test]
async fn two_hundred_library_calls_a_minute_for_one_user() {
    let server = started(small()).await;
    let mut caller = Caller::signed_in(&server, Dialect::Green).await;
    for _ in 0..200 {
        assert_eq!(caller.get("/library/songs?limit=1").await.status, 200);
    }
    let refused = caller.get("/library/songs").await;
    assert_eq!((refused.status, refused.header("x-ratelimit-limit")), (429, "200"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 60);
    // Neither a fresh token nor the other dialect helps; another user is not concerned.
    caller.token = Some(caller.sign_in(CODE, NUMBER).await[0].clone());
    assert_eq!(caller.get("/library/songs").await.status, 429);
    caller.token = Some(caller.sign_in(CODE, "9876543211").await[0].clone());
    assert_eq!(caller.get("/library/songs").await.status, 200);
}

#[tokio::test]
async fn a_rollback_forgets_what_was_acknowledged_since() {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    caller.add("Alpha").await;
    server.save_libraries().unwrap();
    caller.add("Beta").await;
    server.roll_back_libraries().unwrap();
    assert_eq!(caller.titles("").await, ["Alpha"]);
    server.forget_libraries().unwrap();
    assert!(caller.titles("").await.is_empty());
    assert_eq!(caller.get("/user/profile").await.status, 200);
}
