//! Refusals and strangers: every way in which a backend or something before it says no.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use std::time::Duration;

use melody_api::{Code, Error, Removal, SearchRequest};
use melody_model::{PhoneNumber, ServerId};
use serde_json::{Value, json};
use support::{Say, Scripted, refuse, say};

const SEARCH: &str = "GET /api/v1/music/search";
const HTML: &str = "<!DOCTYPE html>\n<html><title>502</title></html>";

async fn searched(answer: Say) -> Error {
    let server = Scripted::start().await;
    server.on(SEARCH, answer);
    server.guest().search(SearchRequest::new("x")).await.unwrap_err()
}

fn blue(code: &str, message: &str) -> Value {
    json!({"success": false, "data": null, "message": message, "error": {"code": code, "details": {}}})
}

fn green(detail: &str) -> Value {
    json!({ "detail": detail })
}

#[tokio::test]
async fn each_refusal_has_its_code_in_both_shapes() {
    use Code::*;
    let missing = json!({"detail": [{"loc": ["query", "q"], "msg": "Field required", "type": "missing"}]});
    for (status, body, code) in [
        (401, blue("AUTH_REQUIRED", "Authentication required"), AuthRequired),
        (401, green("Not authenticated"), AuthRequired),
        (403, green("Not authenticated"), AuthRequired),
        (401, blue("INVALID_TOKEN", "Invalid or expired token"), InvalidToken),
        (401, green("Could not validate credentials"), InvalidToken),
        (429, blue("RATE_LIMIT_EXCEEDED", "Slow down"), RateLimitExceeded),
        (429, green("Too many requests"), RateLimitExceeded),
        (400, blue("VALIDATION_ERROR", "q is required"), ValidationError),
        (422, missing, ValidationError),
        (404, blue("RESOURCE_NOT_FOUND", "No such track"), ResourceNotFound),
        (404, green("Song not found"), ResourceNotFound),
        (502, blue("EXTERNAL_API_ERROR", "Spotify is away"), ExternalApiError),
        (502, green("Spotify is away"), ExternalApiError),
        (500, blue("PROCESSING_ERROR", "No"), ProcessingError),
        (500, blue("STORAGE_ERROR", "No"), ServiceError),
        (500, green("connection pool exhausted"), ServiceError),
        (503, blue("SERVICE_UNAVAILABLE", "Maintenance"), Maintenance),
        (503, green("Service is under maintenance"), Maintenance),
        // The plan's catch-all: the real status is in the text.
        (500, green("400: Invalid phone number"), ValidationError),
        (500, green("401: Invalid token"), InvalidToken),
        (500, green("404: Song not found"), ResourceNotFound),
        (500, green("429: Too many requests"), RateLimitExceeded),
        (500, green("503: Maintenance"), Maintenance),
        // Older frameworks: nothing is left of it.
        (500, green(""), ServiceError),
        (500, json!({"detail": null}), ServiceError),
        // A success that is none.
        (200, blue("RESOURCE_NOT_FOUND", "No such track"), ResourceNotFound),
    ] {
        let error = searched(refuse(status, body.clone())).await;
        assert_eq!(error.code(), code, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn strangers_are_transport_and_named_with_what_they_said() {
    use Code::*;
    for (answer, code, line) in [
        (say(404, "404 page not found\n"), NotTheService, Some("404 page not found")),
        (say(404, HTML), NotTheService, Some("<!DOCTYPE html>")),
        (say(404, ""), NotTheService, None),
        (
            say(404, r#"{"message":"no Route matched with those values"}"#),
            NotTheService,
            Some("no Route matched"),
        ),
        (say(404, r#"{"status":404,"error":"Not Found","path":"/x"}"#), NotTheService, Some("Not Found")),
        // Those that look most like one of the two shapes.
        (
            say(404, r#"{"error":{"code":404,"message":"No such route","status":"NOT_FOUND"}}"#),
            NotTheService,
            Some("No such route"),
        ),
        (
            say(404, r#"{"error":{"code":"ResourceNotFound","message":"No such API"}}"#),
            NotTheService,
            Some("No such API"),
        ),
        (
            say(404, r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"No route"}"#),
            NotTheService,
            Some("Not Found"),
        ),
        (say(502, r#"{"message":"upstream is away"}"#), Unreachable, Some("upstream is away")),
        (say(401, "Authorization Required"), NotTheService, Some("Authorization Required")),
        (say(429, "Too many"), NotTheService, Some("Too many")),
        (say(200, HTML), NotTheService, Some("<!DOCTYPE html>")),
        (say(200, "hello"), NotTheService, Some("hello")),
        (say(502, ""), Unreachable, None),
        (say(502, HTML), Unreachable, Some("<!DOCTYPE html>")),
        (say(503, "no available server"), Unreachable, Some("no available server")),
        (say(504, "<html>"), Unreachable, Some("<html>")),
        (say(500, HTML), Unreachable, Some("<!DOCTYPE html>")),
    ] {
        let status = answer.status.to_string();
        let error = searched(answer.clone()).await;
        assert_eq!(error.code(), code, "{answer:?}: {error}");
        assert!(error.retryable(), "never “will never pass”: {error}");
        let sentence = error.to_string();
        assert!(sentence.contains("/api/v1/music/search"), "{sentence}");
        assert!(sentence.contains("http://127.0.0.1:"), "{sentence}");
        assert!(sentence.contains(&status), "{sentence}");
        assert!(!sentence.contains("q=x"), "no query: {sentence}");
        if let Some(line) = line {
            assert!(sentence.contains(line), "{sentence}");
        }
    }
    // A framework's and a limiter's own plain answers.
    assert_eq!(searched(say(500, "Internal Server Error")).await.code(), ServiceError);
    let limited = searched(say(429, "Too many").header("retry-after", 90)).await;
    assert_eq!((limited.code(), limited.retry_after()), (RateLimitExceeded, Some(Duration::from_secs(90))));
}

#[tokio::test]
async fn only_the_services_own_404_means_gone_already() {
    let line = "DELETE /api/v1/library/songs/library_1";
    for (answer, gone) in [
        (say(204, ""), true),
        (say(200, ""), true),
        (say(200, "null"), true),
        (say(200, "{}"), true),
        (refuse(200, json!({"success": true, "message": "removed"})), true),
        (refuse(200, json!({"data": null})), true),
        (refuse(200, json!({"libraryId": "library_1", "playCount": 3})), true),
        (refuse(404, blue("RESOURCE_NOT_FOUND", "gone")), true),
        (refuse(404, green("Library item not found")), true),
        (refuse(500, green("404: Library item not found")), true),
        (refuse(410, green("Gone")), true),
        (say(404, "404 page not found"), false),
        (say(404, HTML), false),
        (say(404, ""), false),
        (refuse(404, json!({"message": "no route"})), false),
        (refuse(404, json!({"title": "Not Found", "status": 404, "detail": "no route"})), false),
        (refuse(500, green("")), false),
    ] {
        let server = Scripted::start().await;
        server.on(line, answer.clone());
        let result = server.signed_in().await.library_remove(&"library_1".into()).await;
        assert_eq!(matches!(result, Ok(Removal::Done | Removal::NotThere)), gone, "{answer:?}");
        if let Err(error) = result {
            assert_ne!(error.code(), Code::ResourceNotFound);
            assert!(error.retryable(), "{error}");
        }
    }
}

#[tokio::test]
async fn a_yes_that_the_service_does_not_say_proves_nothing() {
    let line = "DELETE /api/v1/library/songs/library_1";
    for answer in [
        json!({"deleted": true}),
        json!({"status": "up"}),
        json!({"id": "library_2"}),
        json!([]),
        json!(42),
        json!("OK"),
    ] {
        let server = Scripted::start().await;
        server.on(line, refuse(200, answer.clone()));
        let result = server.signed_in().await.library_remove(&"library_1".into()).await;
        let Ok(Removal::Unclear(error)) = result else { panic!("{answer}: {result:?}") };
        assert_eq!(error.code(), Code::NotTheService, "{answer}");
    }
}

#[tokio::test]
async fn what_is_saved_already_is_saved() {
    let line = "POST /api/v1/library/songs";
    for (answer, saved) in [
        (refuse(409, green("Conflict")), true),
        (refuse(400, green("Song already in library")), true),
        (refuse(400, blue("VALIDATION_ERROR", "Track already in library")), true),
        (refuse(422, green("Duplicate entry")), true),
        (refuse(500, green("400: Song already in library")), true),
        (refuse(400, green("Unknown track")), false),
        (refuse(404, green("Song not found")), false),
        (say(400, "already"), false),
    ] {
        let server = Scripted::start().await;
        server.on(line, answer.clone());
        let result = server.signed_in().await.library_add(&"t".into()).await;
        assert_eq!(result.is_ok(), saved, "{answer:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_old_one_are_told_apart() {
    use Code::*;
    for (status, body, code) in [
        (400, blue("INVALID_OTP", "Invalid OTP"), InvalidOtp),
        (401, blue("INVALID_OTP", "Incorrect code"), InvalidOtp),
        (400, blue("INVALID_OTP", "OTP has expired"), OtpExpired),
        (
            400,
            json!({"success": false, "error": {"code": "INVALID_OTP", "details": {"message": "expired"}}}),
            OtpExpired,
        ),
        (400, blue("OTP_EXPIRED", "too late"), OtpExpired),
        (400, green("Invalid OTP"), InvalidOtp),
        (401, green("Invalid OTP"), InvalidOtp),
        (401, green("Incorrect code"), InvalidOtp),
        (400, green("OTP expired"), OtpExpired),
        (400, green("OTP has expired"), OtpExpired),
        (410, green("Gone"), OtpExpired),
        (400, green("Invalid or expired OTP"), InvalidOtp),
        (404, green("OTP not found"), OtpExpired),
        (404, green("Not Found"), ResourceNotFound),
        (400, green("Invalid phone number"), ValidationError),
        (429, green("Too many attempts"), RateLimitExceeded),
        (
            422,
            json!({"detail": [{"loc": ["body", "otp"], "msg": "String should match pattern", "type": "x", "input": "123456"}]}),
            ValidationError,
        ),
        (500, green("400: Invalid OTP"), InvalidOtp),
        (500, green("400: OTP expired"), OtpExpired),
        (500, green("401: Invalid OTP"), InvalidOtp),
        (500, green(""), ServiceError),
    ] {
        let server = Scripted::start().await;
        server.on("POST /api/v1/auth/verify-otp", refuse(status, body.clone()));
        let phone = PhoneNumber::parse("+91", "9876543210").unwrap();
        let error = server.guest().verify_otp("otp_1", &"123456".into(), &phone).await.unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}: {error}");
        assert!(!format!("{error} {error:?}").contains("123456"));
    }
}

#[tokio::test]
async fn when_to_come_back_is_told() {
    let seconds = |error: &Error| error.retry_after().map(|d| d.as_secs());
    let maintenance = || refuse(503, green("Maintenance"));
    assert_eq!(seconds(&searched(maintenance().header("retry-after", 120)).await), Some(120));
    assert_eq!(seconds(&searched(maintenance()).await), None);
    let date = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10))
        .to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let told = seconds(&searched(maintenance().header("retry-after", date)).await).unwrap();
    assert!((590..=600).contains(&told), "{told}");
    let reset = jiff::Timestamp::now().as_second() + 50;
    let limited = searched(refuse(429, green("Slow down")).header("x-ratelimit-reset", reset)).await;
    let told = seconds(&limited).unwrap();
    assert!((40..=50).contains(&told), "{told}");
    assert!(limited.to_string().contains("Try again in"), "{limited}");
}

#[tokio::test]
async fn a_request_id_is_always_there() {
    let theirs = searched(refuse(404, green("No")).header("x-request-id", "req-77")).await;
    assert_eq!(theirs.request_id(), Some("req-77"));
    let server = Scripted::start().await;
    server.on(SEARCH, refuse(404, green("No")));
    let error = server.guest().search(SearchRequest::new("x")).await.unwrap_err();
    assert_eq!(error.request_id(), Some(server.asked()[0].headers["x-request-id"].as_str()));
}

#[tokio::test]
async fn a_request_for_sound_has_its_id_too() {
    let server = Scripted::start().await;
    server.on("GET /a.flac", refuse(404, green("No")).header("x-request-id", "req-78"));
    server.on("GET /b.flac", refuse(404, green("No")));
    let client = server.guest();
    let theirs = client.audio("/a.flac", 0, None).await.unwrap_err();
    assert_eq!(theirs.request_id(), Some("req-78"));
    let ours = client.audio("/b.flac", 7, None).await.unwrap_err();
    let asked = server.asked_at("GET /b.flac");
    assert_eq!(ours.request_id(), Some(asked[0].headers["x-request-id"].as_str()));
    assert!(!asked[0].headers["x-request-id"].is_empty());
}

#[tokio::test]
async fn what_the_service_says_is_passed_on_in_one_line() {
    let error = searched(refuse(
        422,
        json!({"detail": [{"loc": ["query", "limit"], "msg": "must be less than 50", "type": "x"}]}),
    ))
    .await;
    assert!(error.to_string().contains("limit: must be less than 50"), "{error}");
    let error = searched(refuse(500, green("400: Invalid phone number"))).await;
    assert!(error.to_string().contains("Invalid phone number"), "{error}");
    assert!(!error.to_string().contains("400:"), "{error}");
}

#[tokio::test]
async fn ids_that_an_address_would_swallow_are_refused_here() {
    let server = Scripted::start().await;
    for id in ["", ".", ".."] {
        let error = server.guest().track(&ServerId::from(id)).await.unwrap_err();
        assert_eq!(error.code(), Code::Usage);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn saving_twice_is_no_error() {
    let server = Scripted::start().await;
    server.on("POST /api/v1/library/songs", refuse(409, green("Song already in library")));
    let added = server.signed_in().await.library_add(&"track_1".into()).await.unwrap();
    assert_eq!(added.server_id, None);
}
