//! Search, one song in full, trending.

use std::collections::HashSet;
use std::time::Duration;

use melody_server::{CatalogueChoice, Dialect, Options};
use serde_json::{Value, json};

use crate::harness::{BOTH, Caller, small, started};

fn titles(body: &Value) -> Vec<&str> {
    body["data"]["tracks"].as_array().unwrap().iter().map(|track| track["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_song_looks_as_each_dialect_has_it_and_is_the_same_song() {
    let server = started(Options::default()).await;
    let blue = Caller::new(&server, Dialect::Blue).get("/music/search?q=दिल").await;
    let green = Caller::new(&server, Dialect::Green).get("/music/search?q=दिल").await;
    assert_eq!((blue.status, green.status), (200, 200));
    assert!(!titles(&blue.body).is_empty());
    assert_eq!(titles(&blue.body), titles(&green.body));
    assert_eq!(blue.body["pagination"]["totalPages"], green.body["pagination"]["total_pages"]);
    assert_eq!(blue.body["message"], "Search completed successfully");

    let (old, new) = (&blue.body["data"]["tracks"][0], &green.body["data"]["tracks"][0]);
    assert_ne!(old["id"], new["id"]);
    assert_eq!(old["id"].as_str().unwrap().len(), 24);
    assert_eq!(old["releaseYear"], new["release_year"]);
    assert!(
        old["thumbnail"].as_str().unwrap().contains("/media/covers/") && new["thumbnail_url"].is_string()
    );
    let spotify = &old["sources"]["spotify"];
    assert!(spotify["available"].as_bool().unwrap() && spotify["previewUrl"].is_string());
    assert_eq!(spotify["id"], new["external_ids"]["spotify"]);
    assert_eq!(old["sources"]["youtube"]["id"], new["external_ids"]["youtube"]);
    let original = &new["audio_files"]["original"];
    assert_eq!(original["format"], "flac");
    assert!(original["url"].as_str().unwrap().contains(new["id"].as_str().unwrap()));
    assert_eq!(old["audioFiles"]["original"]["duration"], old["duration"]);
    assert!(old.get("lyrics").is_none() && new.get("external_ids").is_some());
    assert!(old["createdAt"].as_str().unwrap().ends_with(":00.123Z"));
    assert_eq!(new["created_at"], "2024-01-15T10:30:00.123456+00:00");
}

#[tokio::test]
async fn ids_of_a_catalogue_are_the_same_on_every_server() {
    let ids = async |dialect| {
        let server = started(Options::default()).await;
        Caller::new(&server, dialect).track_id("दिल").await
    };
    assert_eq!(ids(Dialect::Blue).await, ids(Dialect::Blue).await);
    assert_eq!(ids(Dialect::Green).await, ids(Dialect::Green).await);
}

#[tokio::test]
async fn some_addresses_are_absolute_and_some_fields_loosely_typed() {
    let server = started(Options::default()).await;
    let answer = Caller::new(&server, Dialect::Green).get("/music/trending?limit=50").await;
    let tracks = answer.body["data"]["tracks"].as_array().unwrap();
    let absolute = |track: &&Value| track["thumbnail_url"].as_str().unwrap().starts_with(&server.base_url());
    let count = tracks.iter().filter(absolute).count();
    assert!(count > 0 && count < tracks.len());
    assert_eq!(tracks.iter().filter(|track| track["duration"].is_string()).count(), 1);
    assert_eq!(tracks.iter().filter(|track| track["genre"].is_string()).count(), 1);
    let plain = |track: &&Value| track["audio_files"]["instrumental"].is_string();
    assert_eq!(tracks.iter().filter(plain).count(), 1);
}

#[tokio::test]
async fn a_song_in_full_has_metadata_and_an_unknown_one_is_not_found() {
    let server = started(Options::default()).await;
    for dialect in BOTH {
        let caller = Caller::new(&server, dialect);
        let id = caller.track_id("दिल").await;
        let track = &caller.get(&format!("/music/track/{id}")).await.body["data"]["track"];
        assert_eq!(track["id"], id.as_str());
        assert!(track["metadata"]["bpm"].is_u64() && track["metadata"]["energy"].is_f64());
        assert!(track["lyrics"].as_str().unwrap().contains('\n'));
        let nowhere = caller.get("/music/track/track_nowhere").await;
        assert_eq!(nowhere.status, 404);
        match dialect {
            Dialect::Blue => assert_eq!(Caller::code(&nowhere), "RESOURCE_NOT_FOUND"),
            Dialect::Green => assert_eq!(nowhere.body, json!({ "detail": "Song not found" })),
        }
    }
    // The ids of one dialect mean nothing to the other.
    let id = Caller::new(&server, Dialect::Blue).track_id("दिल").await;
    assert_eq!(Caller::new(&server, Dialect::Green).get(&format!("/music/track/{id}")).await.status, 404);
}

#[tokio::test]
async fn search_looks_where_it_is_told() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    for (query, found) in [
        ("q=alp", vec!["Alpha"]),
        ("q=ALPHA%20zed", vec!["Alpha"]),
        ("q=zed&type=artist", vec!["Alpha"]),
        ("q=zed&type=track", vec![]),
        ("q=tests&type=album", vec!["Alpha", "Beta", "Gamma", "Delta"]),
        ("q=tests&type=album&limit=2&offset=1", vec!["Beta", "Gamma"]),
        ("q=tests&language=en&limit=1", vec!["Alpha"]),
        ("q=tests&language=hi", vec![]),
        ("q=tests&source=spotify", vec![]),
        ("q=夜中", vec!["真夜中のドア"]),
        ("q=คืน&type=artist", vec!["真夜中のドア"]),
        ("q=夜中&type=artist", vec![]),
        ("q=%22%27%28)*", vec![]),
    ] {
        let answer = caller.get(&format!("/music/search?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        assert_eq!(titles(&answer.body), found, "{query}");
    }
    let page = &caller.get("/music/search?q=tests&limit=2&offset=1").await.body["pagination"];
    assert_eq!(*page, json!({ "page": 2, "limit": 2, "total": 4, "total_pages": 2 }));
}

#[tokio::test]
async fn a_bad_search_is_refused_and_a_greedy_one_is_capped() {
    let server = started(Options { catalogue: CatalogueChoice::Synthetic(200), ..Options::default() }).await;
    for dialect in BOTH {
        let caller = Caller::new(&server, dialect);
        for query in
            ["", "q=", "q=a&limit=0", "q=a&limit=x", "q=a&offset=-1", "q=a&type=genre", "q=a&source=x"]
        {
            let answer = caller.get(&format!("/music/search?{query}")).await;
            match dialect {
                Dialect::Blue => {
                    assert_eq!((answer.status, Caller::code(&answer)), (400, "VALIDATION_ERROR"), "{query}");
                }
                Dialect::Green => {
                    assert_eq!(answer.status, 422, "{query}");
                    assert_eq!(answer.body["detail"][0]["loc"][0], "query", "{query}");
                }
            }
        }
        let greedy = caller.get("/music/trending?limit=1000").await;
        assert_eq!(titles(&greedy.body).len(), 50);
    }
}

#[tokio::test]
async fn trending_goes_by_popularity() {
    let server = started(Options::default()).await;
    let caller = Caller::new(&server, Dialect::Blue);
    let answer = caller.get("/music/trending?language=hi&timeframe=daily&limit=5").await;
    assert_eq!(answer.body["data"]["timeframe"], "daily");
    assert_eq!(answer.body["data"]["language"], "hi");
    let tracks = answer.body["data"]["tracks"].as_array().unwrap();
    assert_eq!(tracks.len(), 5);
    let popularity: Vec<u64> = tracks.iter().map(|track| track["popularity"].as_u64().unwrap()).collect();
    assert!(popularity.is_sorted_by(|a, b| a >= b), "{popularity:?}");
    assert!(tracks.iter().all(|track| track["language"] == "hi"));
    assert_eq!(caller.get("/music/trending?timeframe=yearly").await.status, 400);
}

#[tokio::test]
async fn a_hundred_searches_a_minute() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    let mut left = HashSet::new();
    for _ in 0..100 {
        let answer = caller.get("/music/search?q=alpha").await;
        assert_eq!(answer.status, 200);
        left.insert(answer.header("x-ratelimit-remaining").parse::<u32>().unwrap());
    }
    assert_eq!(left.len(), 100);
    let refused = caller.get("/music/search?q=alpha").await;
    assert_eq!((refused.status, refused.body), (429, json!({ "detail": "Rate limit exceeded" })));
    let wait = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    server.advance_clock(Duration::from_secs(wait));
    assert_eq!(caller.get("/music/search?q=alpha").await.status, 200);
}
