//! The screen over loopback HTTP: who comes in, what is answered, what is told.

#![cfg(feature = "web")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

use futures_util::StreamExt;
use melody_core::{CoreOptions, SecretsKind, SinkKind};
use melody_host::{Host, web::Web};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A host that serves its screen, and its own page in a browser that was let in.
struct Bench {
    profile: TempDir,
    origin: String,
    invitation: String,
    browser: Client,
    cookie: Option<String>,
}

impl Bench {
    async fn new() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let host = Host::open(CoreOptions {
            profile: profile.path().to_owned(),
            server: None,
            allow_http: Vec::new(),
            secrets: SecretsKind::File,
            sink: SinkKind::Null,
            keep_queue: true,
        })
        .await
        .unwrap();
        let web = Web::bind(0).await.unwrap();
        let invitation = web.address().to_owned();
        let origin = invitation.split("/?").next().unwrap().to_owned();
        tokio::spawn(web.serve(host));
        drop(rustls::crypto::ring::default_provider().install_default());
        let browser = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { profile, origin, invitation, browser, cookie: None }
    }

    async fn invited() -> Self {
        let mut bench = Self::new().await;
        let came = bench.browser.get(&bench.invitation).send().await.unwrap();
        assert_eq!(came.status(), StatusCode::SEE_OTHER);
        assert_eq!(came.headers()["location"], "/", "the token is gone from the address");
        let cookie = came.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "no script reads it");
        bench.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        bench
    }

    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.with_cookie(self.browser.get(format!("{}{path}", self.origin))).send().await.unwrap()
    }

    fn post(&self, body: &Value) -> RequestBuilder {
        self.with_cookie(self.browser.post(format!("{}/call", self.origin)).json(body))
    }

    async fn call(&self, body: Value) -> (StatusCode, Value) {
        let answer = self.post(&body).header("origin", &self.origin).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

const OVERVIEW: &str = r#"{"core":{"command":"overview"}}"#;

fn overview() -> Value {
    serde_json::from_str(OVERVIEW).unwrap()
}

#[tokio::test]
async fn only_the_invited_browser_comes_in_and_only_once() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/events").await.status(), StatusCode::FORBIDDEN, "without a word");
    assert_eq!(bench.get("/?token=0123").await.status(), StatusCode::FORBIDDEN, "with a wrong one");
    let bench = Bench::invited().await;
    assert_eq!(bench.call(overview()).await.0, StatusCode::OK);
    let again = bench.browser.get(&bench.invitation).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::FORBIDDEN, "a second browser with the same address");
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_even_in_the_invited_browser() {
    let bench = Bench::invited().await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("host", "evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut request = bench.post(&overview()).header(name, value);
        if name != "origin" {
            request = request.header("origin", &bench.origin);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let silent = bench.post(&overview()).send().await.unwrap();
    assert_eq!(silent.status(), StatusCode::FORBIDDEN, "a change that does not say whose it is");
    let form = bench.browser.post(format!("{}/call", bench.origin)).body(OVERVIEW);
    let form = bench.with_cookie(form).header("origin", &bench.origin).header("content-type", "text/plain");
    assert!(form.send().await.unwrap().status().is_client_error(), "what a foreign form could send");
}

#[tokio::test]
async fn commands_are_answered_and_refusals_carry_code_and_key() {
    let bench = Bench::invited().await;
    let (status, overview) = bench.call(overview()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(overview["session"], Value::Null);
    assert_eq!(overview["now_playing"]["status"], "stopped");
    let (status, refused) = bench.call(json!({ "core": { "command": "library_add", "ids": ["x"] } })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused["error"]["code"], "AUTH_REQUIRED");
    assert_eq!(refused["error"]["key"], "sign_in_needed");
    let (status, refused) = bench.call(json!({ "core": { "command": "no_such" } })).await;
    assert!(status.is_client_error());
    assert_eq!(refused["error"]["code"], "USAGE");
}

#[tokio::test]
async fn the_screen_itself_is_served() {
    let bench = Bench::invited().await;
    let page = bench.get("/").await;
    assert_eq!(page.status(), StatusCode::OK, "build it first: cargo xtask ui");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    let page = page.text().await.unwrap();
    let script = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let script = bench.get(&format!("/{}", script.trim_start_matches(['.', '/']))).await;
    assert_eq!(script.status(), StatusCode::OK);
    assert_eq!(script.headers()["content-type"], "text/javascript");
    assert_eq!(bench.get("/../Cargo.toml").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_happens_is_told() {
    let bench = Bench::invited().await;
    let mut told = bench.get("/events").await.bytes_stream();
    let wanted = json!({ "command": "set_preferences", "language": "hi", "theme": "dark" });
    assert_eq!(bench.call(json!({ "core": wanted })).await.0, StatusCode::OK);
    let mut text = String::new();
    while !text.contains("\n\n") {
        text.push_str(std::str::from_utf8(&told.next().await.unwrap().unwrap()).unwrap());
    }
    let event: Value = serde_json::from_str(text.trim().strip_prefix("data:").unwrap()).unwrap();
    assert_eq!(
        event,
        json!({ "event": "preferences_changed", "language": "hi", "theme": "dark", "qa": false })
    );
    let (_, overview) = bench.call(overview()).await;
    assert_eq!(overview["preferences"], json!({ "language": "hi", "theme": "dark", "qa": false }));
}

#[tokio::test]
async fn the_demo_starts_sends_its_message_and_shows_covers() {
    let bench = Bench::invited().await;
    let mut told = bench.get("/events").await.bytes_stream();
    let (status, _) = bench.call(json!({ "host": { "command": "start_demo" } })).await;
    assert_eq!(status, StatusCode::OK);
    let otp = json!({ "command": "request_otp", "phone": "9876543210", "country": "+91" });
    assert_eq!(bench.call(json!({ "core": otp })).await.0, StatusCode::OK);
    let mut text = String::new();
    let otp = loop {
        text.push_str(std::str::from_utf8(&told.next().await.unwrap().unwrap()).unwrap());
        let sms =
            text.lines().filter_map(|line| line.strip_prefix("data:")).find(|line| line.contains("demo_sms"));
        if let Some(Ok(sms)) = sms.map(serde_json::from_str::<Value>) {
            break sms["otp"].as_str().unwrap().to_owned();
        }
    };
    let (status, who) = bench.call(json!({ "core": { "command": "verify_otp", "otp": otp } })).await;
    assert_eq!(status, StatusCode::OK, "{who}");
    let trending = json!({ "command": "trending", "limit": 3 });
    let (_, trending) = bench.call(json!({ "core": trending })).await;
    let song = trending["songs"][0]["id"].as_str().unwrap();
    let mut lengths = Vec::new();
    for (side, kind) in [(64, "image/jpeg"), (232, "image/jpeg"), (2000, "image/png")] {
        let cover = bench.get(&format!("/cover/{song}?side={side}")).await;
        assert_eq!(cover.status(), StatusCode::OK);
        assert_eq!(cover.headers()["content-type"], kind, "for {side} pixels");
        lengths.push(cover.bytes().await.unwrap().len());
    }
    assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2], "as large as it is shown: {lengths:?}");
    let unknown = bench.get("/cover/0198c0de-0000-7000-8000-000000000001?side=64").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_that_goes_away_does_not_cut_short_what_it_asked_for() {
    let server = melody_server::start(melody_server::Options {
        catalogue: melody_server::CatalogueChoice::Synthetic(0),
        otp: Some("246810".into()),
        ..melody_server::Options::default()
    })
    .await
    .unwrap();
    let bench = Bench::invited().await;
    for command in [
        json!({ "command": "use_service", "address": server.base_url() }),
        json!({ "command": "request_otp", "phone": "9876543210", "country": "+91" }),
        json!({ "command": "verify_otp", "otp": "246810" }),
    ] {
        let (status, answer) = bench.call(json!({ "core": command })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let late = "[[fault]]\nroute = \"POST /auth/logout\"\nkind = \"delay\"\nms = 1000";
    server.set_faults(melody_server::parse_faults(late).unwrap()).unwrap();
    // What is to be forgotten is moved aside before the service hears of it.
    let under_way = || {
        let services = std::fs::read_dir(bench.profile.path()).unwrap().flatten();
        let accounts =
            services.filter_map(|service| std::fs::read_dir(service.path()).ok()).flatten().flatten();
        accounts
            .map(|account| account.path())
            .any(|path| path.extension().is_some_and(|is| is == "forgotten"))
    };
    let logout = json!({ "core": { "command": "logout", "forget": true } });
    let request = bench.post(&logout).header("origin", &bench.origin).send();
    tokio::select! {
        _ = request => panic!("the answer was not late"),
        () = async { while !under_way() { tokio::time::sleep(std::time::Duration::from_millis(5)).await } } => {}
    }
    // The connection is closed by now.
    for _ in 0..1_000 {
        let (_, overview) = bench.call(overview()).await;
        if overview["session"].is_null() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the sign-out was cut short");
}
