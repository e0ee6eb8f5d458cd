//! Sound: what comes from an address that need not be the service's, and what is made of its refusals.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

mod support;

use futures_util::TryStreamExt;
use melody_api::{Code, Error};
use serde_json::json;
use support::{Say, Scripted, refuse, say};

const PAGE: &str = "<!DOCTYPE html>\n<html><title>404</title></html>";

/// What becomes of an answer to a request for sound, of the service's own origin or of another.
async fn asked(answer: Say, own: bool) -> Result<Vec<u8>, Error> {
    let (service, elsewhere) = (Scripted::start().await, Scripted::start().await);
    let place = if own { &service } else { &elsewhere };
    place.on("GET /a.flac", answer);
    let address = format!("{}/a.flac?signature=s3cret", place.base);
    let audio = service.guest().audio(&address, 0, None).await?;
    Ok(audio.body.try_collect::<Vec<_>>().await?.concat())
}

fn page(status: u16) -> Say {
    say(status, PAGE).header("content-type", "text/html; charset=utf-8")
}

#[tokio::test]
async fn an_address_without_sound_is_told_with_its_status() {
    use Code::*;
    for (answer, code, words) in [
        (page(404), NoAudio, Some("<!DOCTYPE html>")),
        (say(404, ""), NoAudio, None),
        (say(403, "<Error>expired</Error>").header("content-type", "application/xml"), NoAudio, None),
        (refuse(403, json!({"message": "Request has expired"})), NoAudio, Some("Request has expired")),
        (refuse(404, json!({"detail": "no such file"})), NoAudio, Some("no such file")),
        (refuse(400, json!({"detail": "Signature expired"})), NoAudio, None),
        (say(410, "gone"), NoAudio, Some("gone")),
        // A page where sound was promised: not the service's fault, and not for ever.
        (page(200), NotTheService, Some("<!DOCTYPE html>")),
        (
            refuse(200, json!({"name": "Asha"})).header("content-type", "application/json"),
            NotTheService,
            None,
        ),
    ] {
        for own in [true, false] {
            let error = asked(answer.clone(), own).await.unwrap_err();
            assert_eq!(error.code(), code, "{answer:?}: {error}");
            assert!(error.is_stale_address(), "{answer:?}: {error}");
            assert_eq!(error.retryable(), code == NotTheService, "{answer:?}");
            let sentence = error.to_string();
            assert!(sentence.contains(&format!("status {}", answer.status)), "{sentence}");
            assert!(
                sentence.contains("/a.flac") && words.is_none_or(|words| sentence.contains(words)),
                "{sentence}"
            );
            for wrong in ["not Melody Studio", "s3cret", "Asha"] {
                assert!(!sentence.contains(wrong), "{sentence}");
            }
        }
    }
}

#[tokio::test]
async fn what_passes_is_no_missing_sound() {
    use Code::*;
    for (answer, own, code) in [
        (say(429, "slow down"), false, Unreachable),
        (say(408, ""), false, Unreachable),
        (page(502), false, Unreachable),
        (page(503), true, Unreachable),
        (refuse(503, json!({"detail": "Maintenance"})), true, Maintenance),
        (refuse(401, json!({"detail": "Not authenticated"})), true, AuthRequired),
        (refuse(403, json!({"detail": "Not authenticated"})), true, AuthRequired),
    ] {
        let error = asked(answer.clone(), own).await.unwrap_err();
        assert_eq!(error.code(), code, "{answer:?}: {error}");
        assert!(!error.is_stale_address(), "{answer:?}");
    }
    // Elsewhere nobody's sign-in is asked for.
    let error = asked(refuse(401, json!({"detail": "Not authenticated"})), false).await.unwrap_err();
    assert_eq!(error.code(), NoAudio);
}

#[tokio::test]
async fn sound_by_a_wrong_name_is_sound() {
    for name in ["text/html", "application/json", "text/plain"] {
        let sound = asked(say(200, "fLaC and so on").header("content-type", name), false).await.unwrap();
        assert_eq!(sound, b"fLaC and so on", "{name}");
    }
}

#[tokio::test]
async fn the_rest_is_asked_for_on_the_condition_that_it_is_of_the_same_version() {
    for (name, value, told) in [
        ("etag", "\"v1\"", Some("\"v1\"")),
        ("etag", "W/\"v1\"", None),
        ("last-modified", "Sun, 22 Nov 2026 20:00:00 GMT", Some("Sun, 22 Nov 2026 20:00:00 GMT")),
    ] {
        let service = Scripted::start().await;
        service.on("GET /a.flac", say(200, "fLaC").header(name, value));
        let client = service.guest();
        let first = client.audio("/a.flac", 0, None).await.unwrap();
        assert_eq!(first.validator.as_deref(), told, "{name}: {value}");
        client.audio("/a.flac", 2, first.validator.as_deref()).await.unwrap();
        let asked = service.asked_at("GET /a.flac");
        let headers = |at: usize, name: &str| asked[at].headers.get(name).map(String::as_str);
        assert_eq!((headers(0, "range"), headers(0, "if-range")), (None, None));
        assert_eq!((headers(1, "range"), headers(1, "if-range")), (Some("bytes=2-"), told));
    }
}
