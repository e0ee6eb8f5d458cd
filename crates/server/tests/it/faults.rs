//! Every kind of fault, seen from a socket.

use std::time::Instant;

use melody_server::{Dialect, Fault, FaultKind, Options, Server};
use reqwest::Method;
use serde_json::json;

use crate::harness::{BOTH, CODE, Caller, NUMBER, raw, small, started};

const ADD: &str = "POST /library/songs";

async fn with(faults: Vec<Fault>) -> (Server, Caller) {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    server.set_faults(faults).unwrap();
    (server, caller)
}

async fn add(caller: &Caller, title: &str) -> Result<u16, reqwest::Error> {
    let body = json!({ "track_id": caller.track_id(title).await });
    Ok(caller.try_call(Method::POST, "/library/songs", Some(body)).await?.status)
}

#[tokio::test]
async fn dropped_before_nothing_was_done() {
    let (server, caller) = with(vec![Fault::new(ADD, FaultKind::DropBefore).times(1)]).await;
    assert!(add(&caller, "Alpha").await.is_err());
    assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 0);
    assert_eq!(add(&caller, "Alpha").await.unwrap(), 201);
    let log = server.request_log();
    let tries: Vec<u16> = log
        .iter()
        .filter(|r| r.method == "POST" && r.path.ends_with("/library/songs"))
        .map(|r| r.status)
        .collect();
    assert_eq!(tries, [0, 201]);
}

#[tokio::test]
async fn dropped_after_it_was_done_and_nobody_heard() {
    let (server, caller) = with(vec![Fault::new(ADD, FaultKind::DropAfter).times(1)]).await;
    assert!(add(&caller, "Alpha").await.is_err());
    assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 1);
    assert_eq!(add(&caller, "Alpha").await.unwrap(), 200);
}

#[tokio::test]
async fn a_drop_sends_not_one_byte() {
    let (server, _) = with(vec![Fault::new("GET /version", FaultKind::DropBefore)]).await;
    let (got, _) = raw(&server, "GET /blue/api/v1/version HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(got, b"");
}

#[tokio::test]
async fn a_duplicate_runs_twice() {
    let (server, caller) =
        with(vec![Fault::new("POST /library/songs/*/play", FaultKind::Duplicate).times(1)]).await;
    let added = caller.add("Alpha").await;
    let id = added.body["data"]["library_id"].as_str().unwrap().to_owned();
    let body = json!({ "seconds_listened": 30, "completed": false });
    let played = caller.post(&format!("/library/songs/{id}/play"), body).await;
    assert_eq!(played.body["data"]["play_count"], 2);
    assert_eq!(server.library(CODE, NUMBER).unwrap()[0].play_count, 2);
}

#[tokio::test]
async fn a_delay_comes_on_top_of_another_fault() {
    let (_server, caller) =
        with(vec![Fault::new("*", FaultKind::Delay).ms(120), Fault::new("*", FaultKind::Status).status(500)])
            .await;
    let begun = Instant::now();
    assert_eq!(caller.get("/music/trending").await.status, 500);
    assert!(begun.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn a_status_has_the_shape_of_the_dialect() {
    let server = started(small()).await;
    server.set_faults(vec![Fault::new("GET /music/trending", FaultKind::Status).status(429)]).unwrap();
    let blue = Caller::new(&server, Dialect::Blue).get("/music/trending").await;
    assert_eq!(
        (blue.status, Caller::code(&blue), blue.header("retry-after")),
        (429, "RATE_LIMIT_EXCEEDED", "1")
    );
    let green = Caller::new(&server, Dialect::Green).get("/music/trending").await;
    assert_eq!((green.status, green.body), (429, json!({ "detail": "Too Many Requests" })));
}

#[tokio::test]
async fn a_gateway_answers_in_html() {
    let (_server, caller) =
        with(vec![Fault::new("*", FaultKind::Html).times(1), Fault::new("*", FaultKind::Html).status(404)])
            .await;
    let page = caller.get("/music/trending").await;
    assert_eq!((page.status, page.header("content-type")), (502, "text/html"));
    assert!(page.body.as_str().unwrap().starts_with("<html>"));
    assert_eq!(caller.get("/music/trending").await.status, 404);
}

/// Declared length, and the bytes after the head.
fn split(answer: &[u8]) -> (usize, &[u8]) {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a whole head") + 4;
    let head = std::str::from_utf8(&answer[..end]).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    (length.parse().unwrap(), &answer[end..])
}

#[tokio::test]
async fn truncated_bodies_end_half_way_json_and_sound_alike() {
    let (server, caller) = with(vec![Fault::new("*", FaultKind::Truncate)]).await;
    for path in ["/api/v1/music/trending", "/health"] {
        let (got, end) = raw(&server, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let (length, body) = split(&got);
        assert_eq!(body.len(), length / 2, "{path}");
        assert!(length > 20 && end.is_ok(), "{path}");
    }
    assert!(caller.try_call(Method::GET, "/music/trending", None).await.is_err());
    server.set_faults(vec![]).unwrap();
    let alpha = caller.get("/music/search?q=alpha").await.body["data"]["tracks"][0].clone();
    let address = alpha["audio_files"]["original"]["url"].as_str().unwrap().to_owned();
    server.set_faults(vec![Fault::new("GET /media/*", FaultKind::Truncate)]).unwrap();
    let (got, _) = raw(&server, &format!("GET {address} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    let (length, body) = split(&got);
    assert_eq!((length, body), (100_000, &crate::harness::sound()[..50_000]));
}

#[tokio::test]
async fn a_reset_tears_the_connection() {
    let (server, _) = with(vec![Fault::new("*", FaultKind::Reset)]).await;
    let (_, end) = raw(&server, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn maintenance_lasts_for_so_many_requests() {
    let (server, caller) = with(vec![Fault::new(ADD, FaultKind::Maintenance).times(3)]).await;
    let begun = caller.post("/library/songs", json!({})).await;
    assert_eq!((begun.status, begun.header("retry-after")), (503, "30"));
    assert_eq!(caller.get("/music/trending").await.status, 503);
    assert_eq!(caller.get("/health").await.status, 200);
    assert_eq!(caller.get("/music/trending").await.status, 503);
    assert_eq!(caller.get("/music/trending").await.status, 200);
    server.set_faults(vec![Fault::new("*", FaultKind::Maintenance)]).unwrap();
    for _ in 0..5 {
        assert_eq!(caller.get("/music/trending").await.status, 503);
    }
    server.set_maintenance(false);
    assert_eq!(caller.get("/music/trending").await.status, 200);
}

#[tokio::test]
async fn void_tokens_void_them_all() {
    let (_server, caller) =
        with(vec![Fault::new("GET /library/songs", FaultKind::VoidTokens).after(1).times(1)]).await;
    assert_eq!(caller.get("/library/songs").await.status, 200);
    assert_eq!(caller.get("/library/songs").await.status, 401);
    assert_eq!(caller.get("/users/profile").await.status, 401);
}

#[tokio::test]
async fn pages_shift_between_two_requests_and_the_callers_rows_stay() {
    let (server, caller) =
        with(vec![Fault::new("GET /library/songs", FaultKind::ShiftPage).after(1).times(2)]).await;
    for title in ["Alpha", "Beta", "Gamma"] {
        assert_eq!(add(&caller, title).await.unwrap(), 201);
    }
    assert_eq!(caller.titles("?limit=2").await, ["Gamma", "Beta"]);
    // A row came on top: the second page begins with what the first ended with.
    assert_eq!(caller.titles("?limit=2&offset=2").await, ["Beta", "Alpha"]);
    assert_eq!(server.library_count(CODE, NUMBER).unwrap(), 4);
    // It goes again: what would have been next has moved before the offset.
    assert_eq!(caller.titles("?limit=2&offset=4").await, [""; 0]);
    assert_eq!(caller.titles("").await, ["Gamma", "Beta", "Alpha"]);
}

#[tokio::test]
async fn faults_of_the_start_see_every_prefix() {
    let faults = vec![Fault::new("GET /music/trending", FaultKind::Status).status(418)];
    let server = started(Options { faults, ..small() }).await;
    for dialect in BOTH {
        assert_eq!(Caller::new(&server, dialect).get("/music/trending").await.status, 418);
    }
    let caller = Caller::at(server.base_url(), Dialect::Green);
    assert_eq!(caller.get("/music/trending").await.status, 418);
    assert!(server.set_faults(vec![Fault::new("nonsense", FaultKind::Html)]).is_err());
}
