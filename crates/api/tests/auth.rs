//! Signing in, and tokens: renewed once, saved before they are used, dropped only on the service's own word.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::{BoxFuture, join_all};
use melody_api::{
    Client, ClientOptions, Code, Error, LibraryRequest, MemoryTokenStore, TokenStore, TokenStoreError, Tokens,
};
use melody_model::PhoneNumber;
use secrecy::ExposeSecret;
use serde_json::json;
use support::{Say, Scripted, json as say_json, recorded, refuse, say, signed_in_store, tokens};

const LIBRARY: &str = "GET /api/v1/library/songs";
const REFRESH: &str = "POST /api/v1/auth/refresh-token";

fn expired() -> Say {
    refuse(401, json!({"detail": "Invalid token"}))
}

fn library() -> Say {
    say_json(recorded("green-library.json"))
}

fn refreshed(access: &str, refresh: Option<&str>) -> Say {
    let mut data = json!({"access_token": access, "expires_in": 900});
    if let Some(refresh) = refresh {
        data["refresh_token"] = refresh.into();
    }
    say_json(json!({"success": true, "data": data}))
}

async fn stored(store: &dyn TokenStore) -> Option<(String, String)> {
    let tokens = store.load().await.unwrap()?;
    Some((tokens.access.expose_secret().to_owned(), tokens.refresh.expose_secret().to_owned()))
}

#[tokio::test]
async fn signing_in_saves_the_tokens_of_both_dialects() {
    let user = |file: &str| recorded(file)["data"].clone();
    for answer in [
        json!({"success": true, "data": {
            "user": user("blue-profile.json")["user"],
            "tokens": {"accessToken": "a1", "refreshToken": "r1", "expiresIn": 900}}}),
        json!({"success": true, "data": {
            "user": user("green-profile.json"),
            "tokens": {"access_token": "a1", "refresh_token": "r1", "expires_in": "900"}}}),
        json!({"user": user("green-profile.json"), "access_token": "a1", "refresh_token": "r1", "expires_in": 900}),
    ] {
        let server = Scripted::start().await;
        server.on("POST /api/v1/auth/verify-otp", say_json(answer.clone()));
        let store = Arc::new(MemoryTokenStore::default());
        let client = Client::new(server.address(), ClientOptions::new(store.clone()));
        let phone = PhoneNumber::parse("+91", "9876543210").unwrap();
        let signed_in = client.verify_otp("otp_1", &"123456".into(), &phone).await.unwrap();
        assert_eq!(signed_in.user.name.as_deref(), Some("Meera"), "{answer}");
        assert_eq!(stored(&*store).await, Some(("a1".into(), "r1".into())), "{answer}");
        let expires = store.load().await.unwrap().unwrap().expires_at;
        let seconds = expires.duration_since(jiff::Timestamp::now()).as_secs();
        assert!((890..=900).contains(&seconds), "{seconds}");
        let body = &server.asked_at("POST /api/v1/auth/verify-otp")[0].body;
        assert_eq!(
            *body,
            json!({"otp_id": "otp_1", "otp": "123456", "phone_number": "9876543210", "country_code": "+91"})
        );
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_repeated_once() {
    for (rotated, kept) in [(Some("new-refresh"), "new-refresh"), (None, "old-refresh")] {
        let server = Scripted::start().await;
        server.on(LIBRARY, expired()).on(LIBRARY, library()).on(REFRESH, refreshed("new-access", rotated));
        let store = signed_in_store().await;
        let client = Client::new(server.address(), ClientOptions::new(store.clone()));
        client.library_songs(LibraryRequest::default()).await.unwrap();
        let bearers: Vec<_> =
            server.asked_at(LIBRARY).iter().map(|a| a.bearer().unwrap().to_owned()).collect();
        assert_eq!(bearers, ["Bearer old-access", "Bearer new-access"]);
        assert_eq!(server.asked_at(REFRESH)[0].body, json!({"refresh_token": "old-refresh"}));
        assert!(server.asked_at(REFRESH)[0].bearer().is_none());
        assert_eq!(stored(&*store).await, Some(("new-access".into(), kept.into())));
    }
}

#[tokio::test]
async fn a_post_is_repeated_too_since_a_refused_token_did_nothing() {
    for refusal in [
        expired(),
        refuse(500, json!({"detail": "401: Invalid token"})),
        refuse(403, json!({"detail": "Not authenticated"})),
    ] {
        let server = Scripted::start().await;
        let line = "POST /api/v1/library/songs";
        server.on(line, refusal).on(line, say_json(json!({"data": {"library_id": "l"}})));
        server.on(REFRESH, refreshed("new-access", None));
        server.signed_in().await.library_add(&"t".into()).await.unwrap();
        assert_eq!(server.asked_at(line).len(), 2);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error_and_no_loop() {
    let server = Scripted::start().await;
    server.on(LIBRARY, expired()).on(REFRESH, refreshed("new-access", None));
    let error = server.signed_in().await.library_songs(LibraryRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidToken);
    assert_eq!((server.asked_at(LIBRARY).len(), server.asked_at(REFRESH).len()), (2, 1));
}

#[tokio::test]
async fn many_calls_at_once_renew_once() {
    let server = Scripted::start().await;
    for _ in 0..12 {
        server.on(LIBRARY, expired());
    }
    server.on(LIBRARY, library());
    server.on(REFRESH, refreshed("new-access", Some("new-refresh")));
    let client = server.signed_in().await;
    let calls = (0..12).map(|_| client.library_songs(LibraryRequest::default()));
    let results = join_all(calls).await;
    assert_eq!(server.asked_at(REFRESH).len(), 1, "one refresh token, spent once");
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// A store that two clients share as two processes would: through a lock, and nothing else.
#[derive(Default)]
struct SharedStore {
    tokens: Mutex<Option<Tokens>>,
    lock: Arc<tokio::sync::Mutex<()>>,
    saves: AtomicUsize,
    fail_saves: bool,
}

impl TokenStore for SharedStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Tokens>, TokenStoreError>> {
        Box::pin(async { Ok(self.tokens.lock().unwrap().clone()) })
    }
    fn save(&self, tokens: Tokens) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async {
            if self.fail_saves {
                return Err(TokenStoreError::new("the keyring is locked"));
            }
            self.saves.fetch_add(1, Ordering::SeqCst);
            *self.tokens.lock().unwrap() = Some(tokens);
            Ok(())
        })
    }
    fn clear(&self) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async {
            *self.tokens.lock().unwrap() = None;
            Ok(())
        })
    }
    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Send>, TokenStoreError>> {
        Box::pin(async { Ok(Box::new(Arc::clone(&self.lock).lock_owned().await) as Box<dyn Send>) })
    }
}

#[tokio::test]
async fn two_processes_spend_one_refresh_token_once() {
    let server = Scripted::start().await;
    // Whoever still comes with the old token is refused, and so is a refresh token that was spent.
    server.on(LIBRARY, expired()).on(LIBRARY, expired()).on(LIBRARY, library());
    server.on(REFRESH, refreshed("new-access", Some("new-refresh")));
    server.on(REFRESH, refuse(401, json!({"detail": "Invalid token"})));
    let store = Arc::new(SharedStore::default());
    store.save(tokens("old-access", "old-refresh")).await.unwrap();
    let one = Client::new(server.address(), ClientOptions::new(store.clone()));
    let two = Client::new(server.address(), ClientOptions::new(store.clone()));
    let (one, two) = tokio::join!(
        one.library_songs(LibraryRequest::default()),
        two.library_songs(LibraryRequest::default())
    );
    one.unwrap();
    two.unwrap();
    assert_eq!(server.asked_at(REFRESH).len(), 1);
    assert_eq!(stored(&*store).await, Some(("new-access".into(), "new-refresh".into())));
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_are_not_asked_for() {
    let server = Scripted::start().await;
    server.on(LIBRARY, expired()).on(REFRESH, refreshed("new-access", Some("new-refresh")));
    let store = SharedStore {
        tokens: Mutex::new(Some(tokens("old-access", "old-refresh"))),
        fail_saves: true,
        ..Default::default()
    };
    let client = Client::new(server.address(), ClientOptions::new(Arc::new(store)));
    let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
    assert!(matches!(&error, Error::TokenStore(e) if e.to_string() == "the keyring is locked"), "{error}");
    assert_eq!((server.asked_at(LIBRARY).len(), server.asked_at(REFRESH).len()), (1, 0));
}

#[tokio::test]
async fn a_void_refresh_token_ends_the_sign_in_and_a_gateways_word_does_not() {
    let blue =
        |code: &str| json!({"success": false, "message": "no", "error": {"code": code, "details": {}}});
    for (answer, ends) in [
        (refuse(401, json!({"detail": "Invalid refresh token"})), true),
        (refuse(401, blue("INVALID_TOKEN")), true),
        (refuse(403, json!({"detail": "Token revoked"})), true),
        (refuse(400, json!({"detail": "Invalid refresh token"})), true),
        (refuse(404, json!({"detail": "User not found"})), true),
        (refuse(500, json!({"detail": "401: Invalid refresh token"})), true),
        (refuse(404, json!({"detail": "Not Found"})), false),
        (refuse(500, json!({"detail": "no database"})), false),
        (refuse(429, blue("RATE_LIMIT_EXCEEDED")), false),
        (refuse(503, json!({"detail": "Maintenance"})), false),
        (say(401, "<html>"), false),
        (say(404, "404 page not found"), false),
        (say(502, ""), false),
        (say(200, "<html>"), false),
    ] {
        let server = Scripted::start().await;
        server.on(LIBRARY, expired()).on(REFRESH, answer.clone());
        let store = signed_in_store().await;
        let client = Client::new(server.address(), ClientOptions::new(store.clone()));
        let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
        assert_eq!(error.code() == Code::AuthRequired, ends, "{answer:?}: {error}");
        assert_eq!(stored(&*store).await.is_none(), ends, "{answer:?}");
        assert_eq!(server.asked_at(REFRESH).len(), 1, "a refresh is never sent twice: {answer:?}");
    }
}

#[tokio::test]
async fn a_token_that_has_run_out_is_renewed_before_it_is_sent() {
    let server = Scripted::start().await;
    server.on(LIBRARY, library()).on(REFRESH, refreshed("new-access", None));
    let store = Arc::new(MemoryTokenStore::default());
    let old = Tokens { expires_at: jiff::Timestamp::UNIX_EPOCH, ..tokens("old-access", "old-refresh") };
    store.save(old).await.unwrap();
    let client = Client::new(server.address(), ClientOptions::new(store));
    client.library_songs(LibraryRequest::default()).await.unwrap();
    let asked = server.asked_at(LIBRARY);
    assert_eq!((asked.len(), asked[0].bearer()), (1, Some("Bearer new-access")));
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_new_tokens_behind() {
    let server = Scripted::start().await;
    let slow = refreshed("new-access", Some("new-refresh")).after(std::time::Duration::from_millis(200));
    server.on(LIBRARY, expired()).on(LIBRARY, expired()).on(LIBRARY, library()).on(REFRESH, slow);
    let store = signed_in_store().await;
    let client = Client::new(server.address(), ClientOptions::new(store.clone()));
    {
        let call = client.library_songs(LibraryRequest::default());
        tokio::pin!(call);
        // Until the refresh token has reached the server.
        while server.asked_at(REFRESH).is_empty() {
            tokio::select! {
                _ = &mut call => panic!("too early"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    // The next call waits for its turn, and finds what the first one left.
    client.library_songs(LibraryRequest::default()).await.unwrap();
    assert_eq!(stored(&*store).await, Some(("new-access".into(), "new-refresh".into())));
    assert_eq!(server.asked_at(REFRESH).len(), 1);
}

#[tokio::test]
async fn signing_out_forgets_the_tokens_whether_or_not_the_service_hears() {
    for (answer, told) in
        [(say(204, ""), true), (say_json(json!({"success": true})), true), (say(502, ""), false)]
    {
        let server = Scripted::start().await;
        server.on("POST /api/v1/auth/logout", answer);
        let store = signed_in_store().await;
        let client = Client::new(server.address(), ClientOptions::new(store.clone()));
        assert_eq!(client.logout().await.unwrap(), told);
        assert_eq!(stored(&*store).await, None);
        let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::AuthRequired);
    }
}
