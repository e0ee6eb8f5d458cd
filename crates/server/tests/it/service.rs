//! The service as a whole: prefixes, health, maintenance, the switch, restarts, its end.

use std::time::Duration;

use melody_server::{CatalogueChoice, Dialect, Options, start};
use reqwest::Method;
use serde_json::json;

use crate::harness::{BOTH, CODE, Caller, NUMBER, client, small, started};

#[tokio::test]
async fn every_address_of_health_answers_and_version_tells_the_dialects_apart() {
    for dialect in BOTH {
        let server = started(Options { dialect, ..small() }).await;
        let root = Caller::at(server.base_url(), dialect);
        for path in ["/health", "/system/health"] {
            assert_eq!(root.get(path).await.status, 200);
        }
        let health = client().build().unwrap().get(format!("{}/health", server.base_url()));
        let health: serde_json::Value = health.send().await.unwrap().json().await.unwrap();
        let status = if dialect == Dialect::Blue { &health["data"]["status"] } else { &health["status"] };
        assert_eq!(status, "healthy");
        let (mine, other) = match dialect {
            Dialect::Blue => ("/version", "/system/version"),
            Dialect::Green => ("/system/version", "/version"),
        };
        assert!(root.get(mine).await.body["data"]["version"].is_string());
        assert_eq!(root.get(other).await.status, 404);
        assert_eq!(root.call(Method::PATCH, mine, None).await.status, 405);
    }
}

#[tokio::test]
async fn one_server_stands_for_a_gateway_with_both() {
    let server = started(Options { dialect: Dialect::Blue, ..small() }).await;
    let blue = Caller::new(&server, Dialect::Blue).track_id("alpha").await;
    let green = Caller::new(&server, Dialect::Green).track_id("alpha").await;
    let bare = Caller::at(server.base_url(), Dialect::Blue);
    assert_ne!(blue, green);
    assert_eq!(bare.track_id("alpha").await, blue);
    server.set_dialect(Dialect::Green).unwrap();
    assert_eq!(bare.track_id("alpha").await, green);
}

#[tokio::test]
async fn a_switch_changes_ids_and_voids_tokens_but_keeps_the_library() {
    let server = started(Options { dialect: Dialect::Blue, ..small() }).await;
    let mut caller = Caller::at(server.base_url(), Dialect::Blue);
    caller.token = Some(caller.sign_in(CODE, NUMBER).await[0].clone());
    let entry = caller.add("Alpha").await.body["data"].clone();
    server.set_dialect(Dialect::Green).unwrap();
    assert_eq!(caller.get("/library/songs").await.body, json!({ "detail": "Invalid or expired token" }));
    caller.dialect = Dialect::Green;
    caller.token = Some(caller.sign_in(CODE, NUMBER).await[0].clone());
    let page = caller.get("/library/songs").await.body;
    assert_eq!(page["data"]["songs"][0]["track"]["title"], "Alpha");
    assert_ne!(page["data"]["songs"][0]["library_id"], entry["libraryId"]);
    // Back, with the same tokens.
    server.set_dialect_keeping_tokens(Dialect::Blue);
    let page = caller.get("/library/songs").await.body;
    assert_eq!(page["data"]["songs"][0]["libraryId"], entry["libraryId"]);
}

#[tokio::test]
async fn under_maintenance_only_health_and_the_operator_get_through() {
    let server = started(Options { maintenance_retry_after: Duration::from_secs(7), ..small() }).await;
    for dialect in BOTH {
        let caller = Caller::signed_in(&server, dialect).await;
        let operator = client().build().unwrap();
        let admin = format!("{}/admin/maintenance", server.base_url());
        assert_eq!(operator.post(format!("{admin}/enable")).send().await.unwrap().status(), 200);
        let refused = caller.get("/library/songs").await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "7"));
        match dialect {
            Dialect::Blue => assert_eq!(refused.body["success"], false),
            Dialect::Green => assert_eq!(refused.body, json!({ "detail": "Service under maintenance" })),
        }
        assert_eq!(caller.get("/health").await.status, 200);
        assert_eq!(caller.fetch(&server, "/health", &[]).await.status(), 200);
        assert_eq!(operator.post(format!("{admin}/disable")).send().await.unwrap().status(), 200);
        assert_eq!(caller.get("/library/songs").await.status, 200);
    }
}

#[tokio::test]
async fn a_data_folder_keeps_everything_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { data: Some(dir.path().to_owned()), ..small() };
    let server = started(options.clone()).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    let entry = caller.add("Alpha").await.body["data"].clone();
    caller.put("/users/profile", json!({ "name": "Asha" })).await;
    server.shutdown().await;

    let server = started(options).await;
    let mut again = Caller::new(&server, Dialect::Green);
    again.token.clone_from(&caller.token);
    let page = again.get("/library/songs").await.body;
    assert_eq!(page["data"]["songs"], json!([entry]));
    assert_eq!(again.get("/users/profile").await.body["data"]["user"]["name"], "Asha");
    assert_eq!(again.get("/music/search?q=tests").await.body["pagination"]["total"], 4);
    let stored = std::fs::read(dir.path().join("server.db")).unwrap();
    let token = caller.token.unwrap();
    assert!(!stored.windows(token.len()).any(|w| w == token.as_bytes()), "a token is stored in clear");
}

#[tokio::test]
async fn json_is_compressed_for_whoever_asks() {
    let server = started(Options::default()).await;
    let caller = Caller::new(&server, Dialect::Green);
    for coding in ["gzip", "br", "zstd"] {
        let plain = client().no_gzip().no_brotli().no_zstd().build().unwrap();
        let request = plain.get(format!("{}/music/trending", caller.base)).header("accept-encoding", coding);
        assert_eq!(request.send().await.unwrap().headers()["content-encoding"], coding);
    }
    assert!(caller.get("/music/trending").await.body["data"]["tracks"].is_array());
}

#[tokio::test]
async fn requests_are_logged_without_their_tokens() {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    server.clear_request_log();
    caller.get("/library/songs?limit=3").await;
    caller.fetch(&server, "/health", &[("x-request-id", "abc")]).await;
    let log = server.request_log();
    assert_eq!((log[0].method.as_str(), log[0].path.as_str()), ("GET", "/blue/api/v1/library/songs"));
    assert_eq!(
        (log[0].query.as_deref(), log[0].status, log[0].dialect),
        (Some("limit=3"), 200, Dialect::Blue)
    );
    assert!(log[0].had_token() && !log[1].had_token());
    assert!(!format!("{log:?}").contains(caller.token.as_ref().unwrap()));
    assert_eq!(
        caller.fetch(&server, "/health", &[("x-request-id", "abc")]).await.headers()["x-request-id"],
        "abc"
    );
}

#[tokio::test]
async fn shutdown_ends_even_when_a_listener_hangs_on_and_the_port_is_free_again() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    server.hold_media_after(Some(1000));
    let alpha = caller.get("/music/search?q=alpha").await.body["data"]["tracks"][0].clone();
    let address = alpha["audio_files"]["original"]["url"].as_str().unwrap().to_owned();
    let mut hanging = caller.fetch(&server, &address, &[]).await;
    hanging.chunk().await.unwrap().unwrap();
    let port: u16 = server.base_url().rsplit(':').next().unwrap().parse().unwrap();
    server.shutdown().await;
    assert!(hanging.chunk().await.is_err());

    let again = started(Options { port, ..small() }).await;
    assert_eq!(Caller::new(&again, Dialect::Green).get("/health").await.status, 200);
    again.kill().await;
    assert!(caller.try_call(Method::GET, "/health", None).await.is_err());
    assert_eq!(started(Options { port, ..small() }).await.base_url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn connections_can_be_cut_under_a_living_server() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    server.hold_media_after(Some(1000));
    let alpha = caller.get("/music/search?q=alpha").await.body["data"]["tracks"][0].clone();
    let mut hanging =
        caller.fetch(&server, alpha["audio_files"]["original"]["url"].as_str().unwrap(), &[]).await;
    hanging.chunk().await.unwrap().unwrap();
    server.cut_connections();
    assert!(hanging.chunk().await.is_err());
    assert_eq!(caller.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_hundred_thousand_songs_load_and_are_found() {
    let server = started(Options {
        catalogue: CatalogueChoice::Synthetic(100_000),
        limits: false,
        ..Options::default()
    })
    .await;
    let caller = Caller::new(&server, Dialect::Green);
    let sample = caller.get("/music/trending?limit=1").await.body["data"]["tracks"][0].clone();
    let title = sample["title"].as_str().unwrap();
    let answer = caller.get(&format!("/music/search?q={title}&type=track&limit=50")).await;
    let found = answer.body["data"]["tracks"].as_array().unwrap();
    assert!(found.iter().any(|track| track["id"] == sample["id"]), "{title}");
}

#[tokio::test]
async fn nonsense_in_the_options_is_refused() {
    assert!(start(Options { otp: Some("12".into()), ..small() }).await.is_err());
    let first = started(small()).await;
    let port = first.base_url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(start(Options { port, ..small() }).await.is_err());
    assert!("teal".parse::<Dialect>().is_err());
    assert_eq!("synthetic:7".parse::<CatalogueChoice>().unwrap(), CatalogueChoice::Synthetic(7));
    assert!("synthetic:x".parse::<CatalogueChoice>().is_err());
    assert_eq!("demo".parse::<CatalogueChoice>().unwrap().to_string(), "demo");
}
