//! Every kind of deviation over real HTTP: it does what it says, and nothing else changes.

use std::time::{Duration, Instant};

use melody_server::{Deviation, DeviationKind as Kind, Dialect};
use serde_json::{Value, json};

use crate::harness::{BOTH, Caller, client, small, started};

/// Finds four songs: by their album.
const SEARCH: &str = "/music/search?q=Tests&limit=10";
const ROUTE: &str = "GET /music/search";

/// The same search before, with the deviation, and after it is taken back; beside them another call.
async fn compared(dialect: Dialect, deviation: impl Fn(&Caller) -> Deviation) -> (Value, Value) {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, dialect).await;
    let trending = caller.get("/music/trending").await.body;
    let before = caller.get(SEARCH).await;
    server.set_deviations(vec![deviation(&caller)]).unwrap();
    let during = caller.get(SEARCH).await;
    assert_eq!(caller.get("/music/trending").await.body, trending, "another call stays as it is");
    server.set_deviations(Vec::new()).unwrap();
    assert_eq!(caller.get(SEARCH).await.body, before.body);
    assert_eq!(during.status, 200);
    assert_eq!(during.header("content-type"), before.header("content-type"));
    (before.body, during.body)
}

/// The rows of a search; what lies around them.
fn rows(body: &Value) -> Vec<Value> {
    body["data"]["tracks"].as_array().unwrap().clone()
}

fn around(body: &Value) -> Value {
    let mut body = body.clone();
    body["data"]["tracks"] = Value::Null;
    body
}

#[tokio::test]
async fn fields_are_renamed_dropped_and_of_another_type() {
    for dialect in BOTH {
        let year = |caller: &Caller| caller.name("release_year");
        let (before, during) =
            compared(dialect, |caller| Deviation::new(ROUTE, Kind::Rename).field(&year(caller)).to("year"))
                .await;
        let name = if dialect == Dialect::Blue { "releaseYear" } else { "release_year" };
        let wanted: Vec<Value> = rows(&before)
            .into_iter()
            .map(|mut row| {
                let year = row.as_object_mut().unwrap().remove(name).unwrap();
                row["year"] = year;
                row
            })
            .collect();
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));

        let (before, during) =
            compared(dialect, |_| Deviation::new(ROUTE, Kind::Drop).field("data.tracks.artist").nth(2)).await;
        let mut wanted = rows(&before);
        wanted[1].as_object_mut().unwrap().remove("artist");
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));

        let (before, during) =
            compared(dialect, |_| Deviation::new(ROUTE, Kind::Type).field("data.tracks.duration")).await;
        let mut wanted = rows(&before);
        for row in &mut wanted {
            row["duration"] = row["duration"].to_string().into();
        }
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));

        let (before, during) =
            compared(dialect, |_| Deviation::new(ROUTE, Kind::Precision).field("data.tracks.duration")).await;
        let mut wanted = rows(&before);
        for row in &mut wanted {
            row["duration"] = json!(row["duration"].as_i64().unwrap() / 10 * 10);
        }
        assert_ne!(rows(&during), rows(&before));
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));
    }
}

#[tokio::test]
async fn rows_turn_double_and_go_and_the_total_stays() {
    for dialect in BOTH {
        let (before, during) = compared(dialect, |_| Deviation::new(ROUTE, Kind::Order)).await;
        let mut wanted = rows(&before);
        wanted.reverse();
        assert!(wanted.len() > 2);
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));

        let (before, during) = compared(dialect, |_| Deviation::new(ROUTE, Kind::Doubled).nth(2)).await;
        let mut wanted = rows(&before);
        wanted.insert(1, wanted[1].clone());
        assert_eq!((rows(&during), around(&during)), (wanted, around(&before)));

        let (before, during) = compared(dialect, |_| Deviation::new(ROUTE, Kind::Lost).field("tracks")).await;
        assert_eq!((rows(&during), around(&during)), (rows(&before)[1..].to_vec(), around(&before)));
    }
}

#[tokio::test]
async fn a_status_an_encoding_and_a_delay() {
    let server = started(small()).await;
    for dialect in BOTH {
        let caller = Caller::new(&server, dialect);
        let path = format!("/music/track/{}", caller.track_id("真夜中").await);
        let before = caller.get(&path).await;

        let status = Deviation::new("GET /music/track/*", Kind::Status).status(202);
        server.set_deviations(vec![status]).unwrap();
        let during = caller.get(&path).await;
        assert_eq!((during.status, &during.body), (202, &before.body));

        let encoding = Deviation::new("GET /music/track/*", Kind::Encoding).field("artist");
        server.set_deviations(vec![encoding]).unwrap();
        let during = caller.get(&path).await;
        let was = |body: &Value| -> (Value, Value) {
            let song = body["data"].get("track").unwrap_or(&body["data"]).clone();
            (song["title"].clone(), song["artist"].clone())
        };
        let ((title, artist), (title_now, artist_now)) = (was(&before.body), was(&during.body));
        assert_eq!(title, title_now);
        let latin: String = artist.as_str().unwrap().bytes().map(char::from).collect();
        assert_eq!(artist_now, latin.as_str());

        let slow = Deviation::new("GET /music/track/*", Kind::Slow).ms(300);
        server.set_deviations(vec![slow]).unwrap();
        let asked = Instant::now();
        let during = caller.get(&path).await;
        assert!(asked.elapsed() >= Duration::from_millis(300));
        assert_eq!((during.status, &during.body), (200, &before.body));
        server.set_deviations(Vec::new()).unwrap();
    }
}

#[tokio::test]
async fn a_rate_deviates_so_often_and_the_same_seed_the_same_answers() {
    let pattern = async |seed| {
        let server = started(small()).await;
        let rare = Deviation::new(ROUTE, Kind::Lost).rate(0.4, seed);
        server.set_deviations(vec![rare]).unwrap();
        let caller = Caller::new(&server, Dialect::Green);
        let mut pattern = Vec::new();
        for _ in 0..40 {
            pattern.push(rows(&caller.get(SEARCH).await.body).len() != 4);
        }
        pattern
    };
    let (first, again, other) = (pattern(7).await, pattern(7).await, pattern(8).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let hits = first.iter().filter(|hit| **hit).count();
    assert!((6..=26).contains(&hits), "{hits} of 40");
}

#[tokio::test]
async fn refusals_deviate_too_and_compressed_answers_as_well() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    let deviations = vec![
        Deviation::new("GET /library/songs", Kind::Rename).field("detail").to("error"),
        Deviation::new(ROUTE, Kind::Drop).field("artist"),
    ];
    server.set_deviations(deviations).unwrap();
    let refused = caller.get("/library/songs").await;
    assert_eq!((refused.status, refused.body), (401, json!({ "error": "Not authenticated" })));
    let zipped = client().build().unwrap();
    let answer = zipped
        .get(format!("{}{SEARCH}", caller.base))
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    assert!(!text.contains("\"artist\""), "{text}");
}
