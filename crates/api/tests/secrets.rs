//! Secrets: no token leaves for another origin, and nothing secret is in any log, error, `Debug` or panic message.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
};

use melody_api::{Client, ClientOptions, LibraryRequest, MemoryTokenStore, TokenStore};
use melody_model::PhoneNumber;
use serde_json::json;
use support::{Scripted, json as say_json, recorded, refuse, say, tokens};
use tracing_subscriber::fmt::MakeWriter;

const ACCESS: &str = "eyJhbGciOiJIUzI1NiJ9.access-part.c2lnbmF0dXJl";
const REFRESH: &str = "opaque-refresh-secret";
const NEW_ACCESS: &str = "opaque-new-access-secret";
const NEW_REFRESH: &str = "opaque-new-refresh-secret";
const OTP: &str = "483920";
const NUMBER: &str = "9876543210";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn assert_clean(what: &str, text: &str) {
    for secret in [ACCESS, REFRESH, NEW_ACCESS, NEW_REFRESH, OTP, NUMBER, "c2lnbmF0dXJl", "access-part"] {
        assert!(!text.contains(secret), "{what} holds a secret: {text}");
    }
}

async fn secret_client(server: &Scripted) -> (Client, Arc<MemoryTokenStore>) {
    let store = Arc::new(MemoryTokenStore::default());
    store.save(tokens(ACCESS, REFRESH)).await.unwrap();
    (Client::new(server.address(), ClientOptions::new(store.clone())), store)
}

/// The whole life of a sign-in, with everything that every crate logs at its most talkative, against a server that
/// repeats what it is sent in every error.
#[tokio::test]
async fn nothing_secret_is_logged_or_told() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let phone = PhoneNumber::parse("+91", NUMBER).unwrap();
    let echo = format!("Bearer {ACCESS} and {REFRESH} of +91{NUMBER}: {NUMBER}, otp {OTP}");

    for body in [
        json!({"detail": echo}).to_string(),
        json!({"detail": [{"loc": ["body", "otp"], "msg": echo, "type": "x", "input": OTP}]}).to_string(),
        json!({"success": false, "message": echo, "error": {"code": "VALIDATION_ERROR", "details": {"sent": echo}}}).to_string(),
        echo.clone(),
        format!("<html>{echo}</html>"),
        format!("{{\"accessToken\": \"{ACCESS}\", broken"),
        format!("{{\"accessToken\": \"{ACCESS}\""),
    ] {
        for status in [200, 400, 401, 404, 422, 500, 502] {
            let server = Scripted::start().await;
            let answer = say(status, body.clone()).header("x-request-id", "req-1");
            for line in [
                "POST /api/v1/auth/request-otp",
                "POST /api/v1/auth/verify-otp",
                "POST /api/v1/auth/refresh-token",
                "POST /api/v1/library/songs",
            ] {
                server.on(line, answer.clone());
            }
            let (client, _) = secret_client(&server).await;
            // The account's tokens are known from here on.
            client.media("/a").await.unwrap();
            for error in [
                client.request_otp(&phone).await.unwrap_err(),
                client.verify_otp("otp_1", &OTP.into(), &phone).await.unwrap_err(),
            ] {
                assert_clean("an error", &format!("{error} {error:?} {error:#?}"));
            }
            if let Err(error) = client.library_add(&"t".into()).await {
                assert_clean("an error", &format!("{error} {error:?}"));
            }
        }
    }

    // And the good way round: sign-in, renewal, sign-out.
    let server = Scripted::start().await;
    server.on("GET /api/v1/library/songs", refuse(401, json!({"detail": "Invalid token"})));
    server.on("GET /api/v1/library/songs", say_json(recorded("green-library.json")));
    let new = json!({"data": {"access_token": NEW_ACCESS, "refresh_token": NEW_REFRESH, "expires_in": 900}});
    server.on("POST /api/v1/auth/refresh-token", say_json(new));
    let user = recorded("green-profile.json")["data"].clone();
    server.on(
        "POST /api/v1/auth/verify-otp",
        say_json(
            json!({"data": {"user": user, "tokens": {"access_token": ACCESS, "refresh_token": REFRESH}}}),
        ),
    );
    let (client, store) = secret_client(&server).await;
    let signed_in = client.verify_otp("otp_1", &OTP.into(), &phone).await.unwrap();
    client.library_songs(LibraryRequest::default()).await.unwrap();
    let media = client.media("/a.flac").await.unwrap();
    let held = store.load().await.unwrap();
    assert_clean("Debug", &format!("{client:?} {signed_in:?} {media:?} {held:?} {:?}", media.get()));
    client.logout().await.unwrap();

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/api/v1/auth/verify-otp"), "the log is captured at all");
    assert!(log.contains("hyper"), "so are the logs of other crates");
    assert_clean("the log", &log);
}

/// Nothing in an opaque token gives it away: only who sent it can know it again.
#[tokio::test]
async fn an_opaque_token_that_is_echoed_is_not_told() {
    let echo = format!("Bearer {NEW_ACCESS} and {NEW_REFRESH} are no good");
    for body in [
        json!({"detail": echo}).to_string(),
        json!({"success": false, "message": echo, "error": {"code": "X", "details": {}}}).to_string(),
        echo.clone(),
        format!("<html>{echo}</html>"),
    ] {
        for status in [200, 403, 404, 429, 500, 502] {
            let server = Scripted::start().await;
            for id in [NEW_ACCESS, &format!("sent-{NEW_ACCESS}-again")] {
                let answer =
                    say(status, body.clone()).header("x-request-id", id).header("content-type", "text/html");
                server.on("GET /a.flac", answer.clone());
                server.on("POST /api/v1/library/songs", answer);
            }
            let store = Arc::new(MemoryTokenStore::default());
            store.save(tokens(NEW_ACCESS, NEW_REFRESH)).await.unwrap();
            let client = Client::new(server.address(), ClientOptions::new(store));
            for _ in 0..2 {
                match client.audio("/a.flac", 0, None).await {
                    Err(error) => assert_clean("an error", &format!("{error} {error:?}")),
                    // Words that are no page are the decoder's to refuse.
                    Ok(_) => assert!(status == 200 && body == echo, "{status}: {body}"),
                }
                if let Err(error) = client.library_add(&"t".into()).await {
                    assert_clean("an error", &format!("{error} {error:?}"));
                }
            }
        }
    }
}

fn failed(held: melody_api::Tokens) -> Result<(), melody_api::Tokens> {
    Err(held)
}

#[tokio::test]
async fn a_panic_message_cannot_hold_a_token() {
    let held = tokens(ACCESS, REFRESH);
    let panic = std::panic::catch_unwind(|| {
        failed(held).unwrap();
    })
    .unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("Tokens"), "{message}");
    assert_clean("the panic message", message);
}

#[tokio::test]
async fn only_the_services_own_origin_gets_the_token() {
    let server = Scripted::start().await;
    let elsewhere = Scripted::start().await;
    for line in ["GET /a.flac", "GET /moved.flac"] {
        server.on(line, say(200, "own"));
        elsewhere.on(line, say(200, "other"));
    }
    let (client, _) = secret_client(&server).await;
    let bearer = format!("Bearer {ACCESS}");

    for address in ["/a.flac", "a.flac", &format!("{}/a.flac?sig=1", server.base)] {
        assert_eq!(
            client.media(address).await.unwrap().get().send().await.unwrap().text().await.unwrap(),
            "own"
        );
        assert_eq!(server.asked().pop().unwrap().bearer(), Some(bearer.as_str()), "{address}");
    }

    // Another port is another origin; so is another name for the same machine.
    let by_name = server.base.replace("127.0.0.1", "localhost");
    for address in [format!("{}/a.flac", elsewhere.base), format!("{by_name}/a.flac")] {
        let media = client.media(&address).await.unwrap();
        assert!(media.headers.is_empty(), "{address}");
        media.get().send().await.unwrap();
    }
    assert!(elsewhere.asked().iter().all(|asked| asked.bearer().is_none()));
}

#[tokio::test]
async fn no_redirect_takes_the_token_along() {
    let server = Scripted::start().await;
    let elsewhere = Scripted::start().await;
    elsewhere.on("GET /song.flac", say(200, "other"));
    for status in [301, 302, 303, 307, 308] {
        let line = format!("/r{status}");
        server.on(
            &format!("GET {line}"),
            say(status, "").header("location", format!("{}/song.flac", elsewhere.base)),
        );
        let (client, _) = secret_client(&server).await;
        let answer = client.media(&line).await.unwrap().get().send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "other", "{status}");
        let asked = elsewhere.asked().pop().unwrap();
        assert_eq!(asked.bearer(), None, "{status}");
        assert!(!asked.headers.contains_key("referer"), "{status}");
        assert!(asked.headers.values().all(|value| !value.contains(ACCESS)));
    }
    // A redirect to plain http on another machine is not followed at all.
    server.on("GET /down", say(302, "").header("location", "http://cdn.example/song.flac"));
    let (client, _) = secret_client(&server).await;
    let answer = client.media("/down").await.unwrap().get().send().await.unwrap();
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn a_guest_fetches_without_a_token() {
    let server = Scripted::start().await;
    server.on("GET /a.flac", say(200, "own"));
    let media = server.guest().media("/a.flac").await.unwrap();
    assert!(media.headers.is_empty());
    assert_eq!(media.get().send().await.unwrap().status(), 200);
}
