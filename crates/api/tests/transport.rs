//! Transport: what breaks on the way, how long a call waits, what is tried again, and what is never sent twice.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use melody_api::{Client, Code, Error, LibraryRequest, Reason, SearchRequest, ServiceAddress};
use melody_model::ServerId;
use serde_json::json;
use support::{Scripted, json as say_json, recorded, refuse, say};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower_http::compression::CompressionLayer;

const SEARCH: &str = "GET /api/v1/music/search";

fn reason(error: &Error) -> Reason {
    match error {
        Error::Unreachable(e) => e.reason,
        other => panic!("{other:?}"),
    }
}

/// A server that reads a request, writes these bytes and hangs up.
async fn raw(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(bytes).await;
            let _ = socket.shutdown().await;
        }
    });
    base
}

fn client_of(base: &str) -> Client {
    let options = support::guest_options();
    Client::new(ServiceAddress::parse(base, &[]).unwrap(), options)
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_unreachable_whatever_cut_it() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"success\": true, \"data\": {\"tracks\": [{\"tok"
            [..],
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"success\": true, \"data\": {\"tracks\": [{\"tok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"suc\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"data\": {\"a",
        b"",
    ] {
        let client = client_of(&raw(bytes).await);
        let error = client.search(SearchRequest::new("x")).await.unwrap_err();
        assert_eq!((error.code(), reason(&error)), (Code::Unreachable, Reason::BrokenOff), "{error}");
        assert!(error.retryable());
        assert!(!error.to_string().contains("tok"), "broken JSON is not shown: {error}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_in_plain_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client_of(&base);
    let error = client.search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!(reason(&error), Reason::ConnectionRefused);
    assert!(error.to_string().starts_with(&base), "{error}");
    let phone = melody_model::PhoneNumber::parse("+91", "9876543210").unwrap();
    assert_eq!(reason(&client.request_otp(&phone).await.unwrap_err()), Reason::ConnectionRefused);
    assert_eq!(reason(&client.health().await.unwrap_err()), Reason::ConnectionRefused);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_in_plain_words() {
    let address =
        ServiceAddress::parse("http://no-such-host.invalid", &["no-such-host.invalid".into()]).unwrap();
    let client = Client::new(address, support::guest_options());
    let error = client.search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!(reason(&error), Reason::NoSuchHost, "{error:?}");
}

#[tokio::test]
async fn https_to_what_speaks_none_is_unreachable() {
    let base = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.replace("http://", "https://");
    let error = client_of(&base).search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable);
}

#[tokio::test]
async fn sound_that_breaks_off_is_told_with_its_request_id() {
    use futures_util::StreamExt;

    let base = raw(b"HTTP/1.1 200 OK\r\nx-request-id: req-9\r\ncontent-length: 500\r\n\r\nsome").await;
    let mut audio = client_of(&base).audio("/a.flac", 0, None).await.unwrap();
    let error = loop {
        match audio.body.next().await.expect("it breaks off") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!((reason(&error), error.request_id()), (Reason::BrokenOff, Some("req-9")));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client_of(&format!("http://{nobody}")).audio("/a.flac", 0, None).await.unwrap_err();
    assert!(error.request_id().is_some_and(|id| !id.is_empty()), "{error:?}");
}

#[tokio::test]
async fn a_machine_that_can_make_no_connection_is_told_so_at_once() {
    let mut options = support::guest_options();
    options.user_agent = "no header\n".to_owned();
    let client = Client::new(ServiceAddress::parse("https://api.example", &[]).unwrap(), options);
    for error in [
        client.search(SearchRequest::new("x")).await.unwrap_err(),
        client.audio("/a.flac", 0, None).await.unwrap_err(),
    ] {
        assert_eq!(reason(&error), Reason::NotSetUp, "{error:?}");
        assert!(error.to_string().starts_with("https://api.example cannot be reached"), "{error}");
    }
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_a_call_may() {
    let server = Scripted::start().await;
    server.on(SEARCH, say(200, "{}").after(Duration::from_mins(10)));
    let mut options = support::guest_options();
    options.timeouts.call = Duration::from_millis(200);
    let error = Client::new(server.address(), options).search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!((error.code(), reason(&error)), (Code::Unreachable, Reason::TimedOut));
    assert!(error.to_string().contains(&server.base), "{error}");
}

#[tokio::test]
async fn reads_and_removals_are_tried_again_and_writes_are_not() {
    let server = Scripted::start().await;
    server
        .on(SEARCH, say(502, ""))
        .on(SEARCH, refuse(500, json!({"detail": "oops"})))
        .on(SEARCH, say_json(json!([])));
    server.signed_in().await.search(SearchRequest::new("x")).await.unwrap();
    assert_eq!(server.asked_at(SEARCH).len(), 3);
    let ids: Vec<_> = server.asked().iter().map(|a| a.headers["x-request-id"].clone()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "one call, one id");

    let server = Scripted::start().await;
    let remove = "DELETE /api/v1/library/songs/l1";
    server.on(remove, say(502, "")).on(remove, refuse(404, json!({"detail": "gone"})));
    server.signed_in().await.library_remove(&"l1".into()).await.unwrap();
    assert_eq!(server.asked_at(remove).len(), 2);

    let server = Scripted::start().await;
    let add = "POST /api/v1/library/songs";
    server.on(add, say(502, "")).on(add, say(201, "{}"));
    server.signed_in().await.library_add(&"t".into()).await.unwrap_err();
    assert_eq!(server.asked_at(add).len(), 1, "a POST whose answer was lost may have been carried out");
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for answer in [
        refuse(404, json!({"detail": "No such song"})),
        refuse(422, json!({"detail": []})),
        refuse(429, json!({"detail": "Slow down"})),
        refuse(503, json!({"detail": "Maintenance"})).header("retry-after", 3600),
        say(404, "404 page not found"),
        say(200, "<html>"),
    ] {
        let server = Scripted::start().await;
        server.on(SEARCH, answer);
        server.guest().search(SearchRequest::new("x")).await.unwrap_err();
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_short_wait_that_the_service_asks_for_is_kept() {
    let server = Scripted::start().await;
    server
        .on(SEARCH, refuse(429, json!({"detail": "Slow down"})).header("retry-after", 1))
        .on(SEARCH, say_json(json!([])));
    let began = Instant::now();
    server.guest().search(SearchRequest::new("x")).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "never before the time that was named");
}

#[tokio::test]
async fn a_newer_search_ends_the_older_request() {
    let server = Scripted::start().await;
    server
        .on(SEARCH, say(200, "[]").after(Duration::from_mins(10)))
        .on(SEARCH, say_json(recorded("green-search.json")));
    let slot = server.guest().search_slot();
    let older = tokio::spawn(slot.search(SearchRequest::new("tu")));
    while server.held.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let newer = slot.search(SearchRequest::new("tum")).await.unwrap();
    assert_eq!(newer.unwrap().items.len(), 1);
    assert!(older.await.unwrap().unwrap().is_none());
    // The server sees the connection of the older one go: it is aborted, not merely ignored.
    while server.held.load(Ordering::SeqCst) != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn compressed_answers_are_read() {
    for encoding in ["gzip", "br", "zstd"] {
        let body = recorded("green-search.json").to_string();
        let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let app = Router::new()
            .route(
                "/api/v1/music/search",
                get({
                    let seen = seen.clone();
                    move |headers: axum::http::HeaderMap| async move {
                        *seen.lock().unwrap() = headers["accept-encoding"].to_str().unwrap().to_owned();
                        body
                    }
                }),
            )
            .layer(
                CompressionLayer::new()
                    .no_gzip()
                    .no_br()
                    .no_zstd()
                    .gzip(encoding == "gzip")
                    .br(encoding == "br")
                    .zstd(encoding == "zstd"),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let page = client_of(&base).search(SearchRequest::new("x")).await.unwrap();
        assert_eq!(page.items.len(), 1, "{encoding}");
        assert!(seen.lock().unwrap().contains(encoding), "{encoding} is offered");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let server = Scripted::start().await;
    server.on(SEARCH, say(200, vec![b' '; 17 * 1024 * 1024]));
    let error = server.guest().search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!(error.code(), Code::NotTheService);
}

#[tokio::test]
async fn a_redirect_within_the_service_is_followed_and_one_elsewhere_is_not() {
    let elsewhere = Scripted::start().await;
    let server = Scripted::start().await;
    server.on(SEARCH, say(307, "").header("location", "/api/v2/music/search?q=x"));
    server.on("GET /api/v2/music/search", say_json(recorded("green-search.json")));
    assert_eq!(server.guest().search(SearchRequest::new("x")).await.unwrap().items.len(), 1);

    let add = "POST /api/v1/library/songs";
    server.on(add, say(307, "").header("location", format!("{}/steal?x=1", elsewhere.base)));
    server.on(
        "GET /api/v1/library/songs",
        say(302, "").header("location", format!("{}/steal", elsewhere.base)),
    );
    let client = server.signed_in().await;
    for error in [
        client.library_add(&ServerId::from("t")).await.unwrap_err(),
        client.library_songs(LibraryRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::NotTheService);
        assert!(error.to_string().contains(&elsewhere.base), "{error}");
    }
    assert!(elsewhere.asked().is_empty(), "not even the body went there");
}

/// Runs a test of this file that is ignored otherwise, in a process with a system proxy.
async fn behind_proxy(proxy: &str, test: &str, base: &str) -> bool {
    let status = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored"])
        .env("HTTP_PROXY", proxy)
        .env("http_proxy", proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("MELODY_TEST_BASE", base)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .await
        .unwrap();
    status.success()
}

#[tokio::test]
async fn the_system_proxy_is_used_and_this_machine_reached_past_it() {
    let proxy = Scripted::start().await;
    proxy.on(SEARCH, say_json(recorded("green-search.json")));
    let server = Scripted::start().await;
    server.on(SEARCH, say_json(recorded("green-search.json")));
    server.on("GET /a.flac", say(200, "own"));

    assert!(behind_proxy(&proxy.base, "child_searches", &server.base).await);
    assert_eq!((server.asked().len(), proxy.asked().len()), (2, 0), "loopback goes past the proxy");
    assert!(behind_proxy(&proxy.base, "child_searches_elsewhere", "http://melody.invalid").await);
    assert_eq!(proxy.asked_at(SEARCH)[0].headers["host"], "melody.invalid");
}

#[tokio::test]
#[ignore = "run by the_system_proxy_is_used_and_this_machine_reached_past_it"]
async fn child_searches() {
    let client = client_of(&std::env::var("MELODY_TEST_BASE").unwrap());
    assert_eq!(client.search(SearchRequest::new("x")).await.unwrap().items.len(), 1);
    let media = client.media("/a.flac").await.unwrap();
    assert_eq!(media.get().send().await.unwrap().text().await.unwrap(), "own");
}

#[tokio::test]
#[ignore = "run by the_system_proxy_is_used_and_this_machine_reached_past_it"]
async fn child_searches_elsewhere() {
    let base = std::env::var("MELODY_TEST_BASE").unwrap();
    let address = ServiceAddress::parse(&base, &["melody.invalid".into()]).unwrap();
    let client = Client::new(address, support::guest_options());
    assert_eq!(client.search(SearchRequest::new("x")).await.unwrap().items.len(), 1);
}
