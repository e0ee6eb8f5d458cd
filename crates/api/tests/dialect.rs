//! Dialects: told from answers, written in their case, and noticed when they change.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use melody_api::{
    Client, ClientOptions, Code, Dialect, LibraryRequest, MemoryTokenStore, SearchRequest, ServiceAddress,
};
use melody_model::{EntryOrder, EntrySort, PhoneNumber, SearchType};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Say, Scripted, json as say_json, recorded, refuse, say, signed_in_store};

const OTP: &str = "POST /api/v1/auth/request-otp";
const ADD: &str = "POST /api/v1/library/songs";
const SEARCH: &str = "GET /api/v1/music/search";

fn phone() -> PhoneNumber {
    PhoneNumber::parse("+91", "9876543210").unwrap()
}

fn blue_version() -> Say {
    say_json(json!({"success": true, "data": {"version": "1.0.0", "buildDate": "2024-01-15T00:00:00Z"}}))
}

fn green_version() -> Say {
    say_json(
        json!({"success": true, "data": {"version": "2.0.0", "build_date": "2024-01-15T00:00:00+00:00"}}),
    )
}

fn blue_ticket() -> Say {
    say_json(json!({"success": true, "data": {"otpId": "otp_1", "expiresIn": 300}}))
}

fn keys(body: &Value) -> Vec<&str> {
    body.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn what_is_written_follows_the_version_endpoint() {
    for (line, version, dialect, sent) in [
        ("GET /api/v1/version", blue_version(), Dialect::Blue, ["countryCode", "phoneNumber"]),
        ("GET /api/v1/system/version", green_version(), Dialect::Green, ["country_code", "phone_number"]),
        ("GET /version", blue_version(), Dialect::Blue, ["countryCode", "phoneNumber"]),
    ] {
        let server = Scripted::start().await;
        server.on(line, version).on(OTP, blue_ticket());
        let client = server.guest();
        assert_eq!(client.dialect(), None);
        let ticket = client.request_otp(&phone()).await.unwrap();
        assert_eq!((ticket.otp_id.as_str(), ticket.expires_in.as_secs()), ("otp_1", 300));
        assert_eq!(client.dialect(), Some(dialect));
        let asked = server.asked_at(OTP);
        assert_eq!(keys(&asked[0].body), sent);
        let body = &asked[0].body;
        assert_eq!((&body[sent[0]], &body[sent[1]]), (&json!("+91"), &json!("9876543210")));
    }
}

#[tokio::test]
async fn the_version_is_told_with_its_dialect() {
    let server = Scripted::start().await;
    server.on("GET /api/v1/system/version", green_version());
    let version = server.guest().version().await.unwrap();
    assert_eq!((version.version.as_deref(), version.dialect), (Some("2.0.0"), Some(Dialect::Green)));
    assert_eq!(version.extra["build_date"], "2024-01-15T00:00:00+00:00");
}

#[tokio::test]
async fn without_version_endpoints_a_refused_form_tells() {
    let server = Scripted::start().await;
    let refused = json!({"success": false, "message": "phoneNumber is required", "error": {"code": "VALIDATION_ERROR", "details": {}}});
    server.on(OTP, refuse(400, refused)).on(OTP, blue_ticket());
    let client = server.guest();
    client.request_otp(&phone()).await.unwrap();
    let asked = server.asked_at(OTP);
    assert_eq!(keys(&asked[0].body), ["country_code", "phone_number"], "green by default");
    assert_eq!(keys(&asked[1].body), ["countryCode", "phoneNumber"]);
    assert_eq!(client.dialect(), Some(Dialect::Blue));
}

#[tokio::test]
async fn a_remembered_dialect_is_overruled_by_the_other_shape() {
    let server = Scripted::start().await;
    let missing =
        json!({"detail": [{"loc": ["body", "track_id"], "msg": "Field required", "type": "missing"}]});
    server
        .on(ADD, refuse(422, missing))
        .on(ADD, say_json(json!({"success": true, "data": {"id": "3f1e9a50-7e9f-4a43-9c2f-000000000001"}})));
    let mut options = ClientOptions::new(signed_in_store().await);
    options.dialect = Some(Dialect::Blue);
    let client = Client::new(server.address(), options);
    client.library_add(&"t".into()).await.unwrap();
    let asked = server.asked();
    let sent: Vec<_> = asked.iter().map(|asked| (asked.line(), keys(&asked.body))).collect();
    assert_eq!(sent, [(ADD.to_owned(), vec!["trackId"]), (ADD.to_owned(), vec!["track_id"])]);
    assert_eq!(client.dialect(), Some(Dialect::Green));
}

#[tokio::test]
async fn a_refusal_in_the_own_shape_is_believed() {
    let server = Scripted::start().await;
    server.on("GET /api/v1/system/version", green_version());
    server.on(OTP, refuse(400, json!({"detail": "Invalid phone number"})));
    let error = server.guest().request_otp(&phone()).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert_eq!(server.asked_at(OTP).len(), 1);
}

#[tokio::test]
async fn answers_in_turn_are_each_read_by_their_own_shape_and_seen() {
    let server = Scripted::start().await;
    for file in ["blue-search.json", "green-search.json", "green-search.json", "blue-search.json"] {
        server.on(SEARCH, say_json(recorded(file)));
    }
    let client = server.guest();
    let seen = client.observations();
    let mut history = Vec::new();
    for _ in 0..4 {
        let page = client.search(SearchRequest::new("x")).await.unwrap();
        assert_eq!(page.items[0].content.release_year, Some(2013));
        let now = *seen.borrow();
        history.push((now.dialect.unwrap(), now.agreeing));
    }
    assert_eq!(history, [(Dialect::Blue, 1), (Dialect::Green, 1), (Dialect::Green, 2), (Dialect::Blue, 1)]);
}

#[tokio::test]
async fn case_alone_overturns_nothing() {
    // Green that answers in camelCase, as its own compatibility tests expect.
    let server = Scripted::start().await;
    server.on("GET /api/v1/system/version", green_version());
    server.on(OTP, say_json(json!({"success": true, "data": {"otpId": "otp_9", "expiresIn": "300"}})));
    let client = server.guest();
    for _ in 0..2 {
        client.request_otp(&phone()).await.unwrap();
    }
    assert_eq!(client.dialect(), Some(Dialect::Green));
    assert_eq!(keys(&server.asked_at(OTP)[1].body), ["country_code", "phone_number"]);
}

#[tokio::test]
async fn ids_alone_overturn_nothing_where_other_signs_are() {
    const UUID: &str = "3f1e9a50-7e9f-4a43-9c2f-000000000001";
    const OBJECT_ID: &str = "64f0c2a1b3d4e5f60718293a";
    let blue = json!({"success": true, "error": null, "data": {"tracks": [
        {"id": UUID, "title": "A", "releaseYear": 2001, "thumbnail": "/a.jpg", "sources": {}}]}});
    let green = json!({"success": true, "data": {"tracks": [
        {"id": OBJECT_ID, "title": "A", "release_year": 2001, "thumbnail_url": "/a.jpg",
         "created_at": "2024-01-15T10:30:00+00:00"}]}});
    for (page, id, dialect) in [(blue, UUID, Dialect::Blue), (green, OBJECT_ID, Dialect::Green)] {
        for remembered in [None, Some(dialect)] {
            let server = Scripted::start().await;
            server.on(SEARCH, say_json(page.clone()));
            // What has no other sign, and what has one that either backend may give.
            server
                .on("DELETE /api/v1/library/songs/l", say_json(json!({"success": true, "data": {"id": id}})));
            let mut options = ClientOptions::new(signed_in_store().await);
            options.dialect = remembered;
            let client = Client::new(server.address(), options);
            if remembered.is_none() {
                client.search(SearchRequest::new("x")).await.unwrap();
                assert_eq!(client.dialect(), Some(dialect), "{page}");
                client.search(SearchRequest::new("x")).await.unwrap();
            }
            client.library_remove(&"l".into()).await.unwrap();
            assert_eq!(client.dialect(), Some(dialect), "{remembered:?}, {page}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_answer_tells() {
    for (answer, dialect) in [
        (refuse(404, json!({"detail": "Not Found"})), Some(Dialect::Green)),
        (refuse(422, json!({"detail": []})), Some(Dialect::Green)),
        (
            refuse(404, json!({"success": false, "error": {"code": "RESOURCE_NOT_FOUND"}})),
            Some(Dialect::Blue),
        ),
        (
            refuse(503, json!({"success": false, "message": "Maintenance", "error": null})),
            Some(Dialect::Blue),
        ),
        (refuse(503, json!({"detail": "Maintenance"})), Some(Dialect::Green)),
        (say_json(json!({"tracks": [{"_id": "64f0c2a1b3d4e5f60718293a"}]})), Some(Dialect::Blue)),
        (say_json(json!({"tracks": [], "pagination": {"total_pages": 0}})), Some(Dialect::Green)),
        (say_json(json!({"tracks": [], "pagination": {"totalPages": 0}})), Some(Dialect::Blue)),
        (say_json(json!({"tracks": []})), None),
        (say(404, "404 page not found"), None),
        (say(200, "<html>"), None),
    ] {
        let server = Scripted::start().await;
        server.on(SEARCH, answer.clone());
        let client = server.guest();
        let _ = client.search(SearchRequest::new("x")).await;
        assert_eq!(client.dialect(), dialect, "{answer:?}");
    }
}

#[tokio::test]
async fn the_profile_is_found_at_either_path() {
    for (first, second) in [("users", "user"), ("user", "users")] {
        let missing = if first == "users" {
            refuse(404, json!({"detail": "Not Found"}))
        } else {
            refuse(404, json!({"success": false, "error": {"code": "RESOURCE_NOT_FOUND"}}))
        };
        let server = Scripted::start().await;
        server.on(&format!("GET /api/v1/{first}/profile"), missing);
        server.on(&format!("GET /api/v1/{second}/profile"), say_json(recorded("blue-profile.json")));
        let mut options = ClientOptions::new(signed_in_store().await);
        options.dialect = Some(if first == "users" { Dialect::Green } else { Dialect::Blue });
        let client = Client::new(server.address(), options);
        assert_eq!(client.profile().await.unwrap().name.as_deref(), Some("Meera"));
    }
}

#[tokio::test]
async fn preferences_are_written_back_in_the_spelling_that_was_read() {
    let server = Scripted::start().await;
    server.on("GET /api/v1/system/version", green_version());
    server.on("GET /api/v1/users/profile", say_json(recorded("green-profile.json")));
    server.on("PUT /api/v1/users/profile", say_json(recorded("green-profile.json")));
    let client = server.signed_in().await;
    let preferences = client.profile().await.unwrap().preferences;
    let update = melody_api::ProfileUpdate { name: Some("Meera".into()), preferences: Some(preferences) };
    client.update_profile(update).await.unwrap();
    let body = &server.asked_at("PUT /api/v1/users/profile")[0].body;
    assert_eq!(keys(body), ["name", "preferences"]);
    assert_eq!(keys(&body["preferences"]), ["autoConvertToInstrumental", "languages"]);
}

#[tokio::test]
async fn health_is_the_first_place_that_answers() {
    let healthy = || say_json(json!({"success": true, "data": {"status": "healthy", "version": "1.0.0"}}));
    for (base, line, path) in [
        ("", "GET /health", "/health"),
        ("/blue", "GET /health", "/health"),
        ("/blue", "GET /blue/health", "/blue/health"),
        ("/api/v1", "GET /api/v1/health", "/api/v1/health"),
        ("/green", "GET /green/api/v1/system/health", "/green/api/v1/system/health"),
        ("/green/v1", "GET /green/system/health", "/green/system/health"),
    ] {
        let server = Scripted::start().await;
        server.on(line, healthy());
        let address = ServiceAddress::parse(&format!("{}{base}", server.base), &[]).unwrap();
        let client = Client::new(address, support::guest_options());
        let health = client.health().await.unwrap();
        assert_eq!(health.address, format!("{}{path}", server.base));
        assert_eq!(health.status.as_deref(), Some("healthy"));
    }
    let server = Scripted::start().await;
    server.on("GET /health", say(200, "OK"));
    assert_eq!(server.guest().health().await.unwrap().status.as_deref(), Some("OK"));
    let server = Scripted::start().await;
    server.on("GET /health", say(200, "<html>anything</html>"));
    assert_eq!(server.guest().health().await.unwrap_err().code(), Code::NotTheService);
}

#[tokio::test]
async fn every_call_goes_under_the_prefix_that_was_given() {
    let server = Scripted::start().await;
    server.on("GET /green/api/v1/music/search", say_json(recorded("green-search.json")));
    for given in ["/green", "/green/", "/green/v1", "/green/api/v1/"] {
        let address = ServiceAddress::parse(&format!("{}{given}", server.base), &[]).unwrap();
        assert_eq!(address.identity(), server.base);
        Client::new(address, support::guest_options()).search(SearchRequest::new("x")).await.unwrap();
    }
}

#[tokio::test]
async fn limits_are_kept_and_nothing_is_asked_for_by_page() {
    let server = Scripted::start().await;
    server.on("GET /api/v1/system/version", green_version());
    server.on(SEARCH, say_json(recorded("green-search.json")));
    server.on("GET /api/v1/library/songs", say_json(recorded("green-library.json")));
    let client = server.signed_in().await;
    for (limit, sent) in [(0, "1"), (20, "20"), (5000, "50")] {
        let request = SearchRequest {
            limit,
            offset: 7,
            language: Some("ta".into()),
            ..SearchRequest::new("tum hi ho")
        };
        client.search(request).await.unwrap();
        let asked = server.asked_at(SEARCH).pop().unwrap();
        assert_eq!(asked.query["limit"], sent);
        assert_eq!(asked.query["offset"], "7");
        assert_eq!(asked.query["q"], "tum hi ho");
        assert!(!asked.query.contains_key("type"), "it looks everywhere when it is told no type");
        assert_eq!(asked.query["language"], "ta");
        assert_eq!(asked.query["source"], "all");
        assert!(asked.bearer().is_none(), "a search needs no token");
    }
    for kind in [SearchType::Track, SearchType::Artist, SearchType::Album] {
        client.search(SearchRequest { kind, ..SearchRequest::new("tum hi ho") }).await.unwrap();
        assert_eq!(server.asked_at(SEARCH).pop().unwrap().query["type"], kind.as_str());
    }
    for (limit, sent) in [(0, "1"), (100, "100"), (5000, "100")] {
        client.library_songs(LibraryRequest { limit, ..Default::default() }).await.unwrap();
        let asked = server.asked_at("GET /api/v1/library/songs").pop().unwrap();
        assert_eq!(asked.query["limit"], sent);
        assert_eq!(asked.query.keys().collect::<Vec<_>>(), ["limit", "offset", "order", "sort"]);
        assert_eq!((asked.query["sort"].as_str(), asked.query["order"].as_str()), ("added", "desc"));
    }
}

#[tokio::test]
async fn a_chosen_order_is_written_in_the_dialects_case() {
    for (dialect, names, plays) in [
        (Dialect::Blue, ["hasInstrumental", "sortBy", "sortOrder"], "playCount"),
        (Dialect::Green, ["has_instrumental", "sort_by", "sort_order"], "play_count"),
    ] {
        let server = Scripted::start().await;
        server.on("GET /api/v1/library/songs", say_json(json!({"songs": []})));
        let mut options = ClientOptions::new(signed_in_store().await);
        options.dialect = Some(dialect);
        let client = Client::new(server.address(), options);
        let request = LibraryRequest {
            sort: EntrySort::Plays,
            order: EntryOrder::Asc,
            has_instrumental: Some(true),
            ..Default::default()
        };
        client.library_songs(request).await.unwrap();
        let query = &server.asked()[0].query;
        assert_eq!((query["sort"].as_str(), query["order"].as_str()), ("plays", "asc"));
        assert_eq!(names.map(|name| query[name].as_str()), ["true", plays, "asc"]);
    }
}

#[tokio::test]
async fn a_guest_is_told_to_sign_in_without_asking_anybody() {
    let server = Scripted::start().await;
    let client = Client::new(server.address(), ClientOptions::new(Arc::new(MemoryTokenStore::default())));
    let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthRequired);
    assert!(server.asked().is_empty());
}
