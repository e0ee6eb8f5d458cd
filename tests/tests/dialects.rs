//! The same script against the old backend and the new one, with nothing that says which it is.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use melody_e2e::{
    media,
    melody::{Melody, text},
    service::Service,
};
use serde_json::Value;

fn titles(found: &Value) -> Vec<String> {
    found["songs"].as_array().unwrap().iter().map(|song| text(&song["title"])).collect()
}

/// Sign in, find, save, hear, remove, leave.
fn script(service: &Service, dialect: &str, address: &str) {
    let melody = Melody::on(address);
    let signed_in = melody.login();
    assert_eq!(signed_in["dialect"], dialect, "{signed_in}");
    assert_eq!(signed_in["user"]["phone_masked"], "+91 ••••••3210");

    // Devanagari, the same word in its other spelling, Latin, Tamil.
    let hindi = melody.json(&["search", "दिल"]);
    assert_eq!(hindi["from"], "service");
    assert!(titles(&hindi).iter().any(|title| title.contains("दिल")), "{hindi}");
    assert!(!titles(&hindi).iter().any(|title| title.contains("दाल")), "{hindi}");
    for (words, language) in [("paper boats", "en"), ("மழை", "ta")] {
        let found = melody.json(&["search", words]);
        let languages: Vec<_> =
            found["songs"].as_array().unwrap().iter().map(|song| text(&song["language"])).collect();
        assert!(languages.contains(&language.to_owned()), "{words}: {found}");
    }
    let trending = melody.json(&["trending", "--limit", "5"]);
    assert_eq!(trending["songs"].as_array().unwrap().len(), 5);
    let nothing = melody.json(&["search", "zzzzqqqq"]);
    assert_eq!((nothing["songs"].as_array().unwrap().len(), &nothing["total"]), (0, &Value::from(0)));

    let song = hindi["songs"][0].clone();
    let id = text(&song["id"]);
    let full = melody.json(&["song", &id]);
    assert_eq!(full["song"]["title"], song["title"]);
    assert!(full["song"]["metadata"]["bpm"].is_number(), "{full}");
    // The service's own id, and one that this profile has not met, name the same song.
    assert_eq!(melody.json(&["song", &text(&song["server_id"])])["song"]["id"], song["id"]);

    let added = melody.json(&["library", "add", &id]);
    assert_eq!(added["entries"][0]["pending"], false, "{added}");
    assert_eq!(melody.json(&["library", "add", &id])["entries"].as_array().unwrap().len(), 1);
    let list = melody.json(&["library", "list"]);
    assert_eq!((&list["total"], &list["entries"][0]["song"]["in_library"]), (&1.into(), &true.into()));

    // Another installation of the same listener has it too: the service has it.
    let second = Melody::on(service.address());
    second.login();
    second.json(&["library", "sync"]);
    assert_eq!(second.saved_titles(), [text(&song["title"])]);

    let file = melody.home().join("song.wav");
    let played = melody.json(&["play", &id, "--for", "3", "--to", file.to_str().unwrap()]);
    assert!(played["played"][0]["error"].is_null(), "{played}");
    assert_eq!(played["played"][0]["format"], "FLAC", "{played}");
    let (sound, ..) = media::wav_floats(&file);
    assert!(sound.iter().any(|sample| sample.abs() > 0.05), "the song is silent");

    let downloaded = melody.json(&["download", &id]);
    assert_eq!(downloaded["downloads"][0]["state"], "done", "{downloaded}");
    assert_eq!(melody.json(&["library", "list"])["entries"][0]["downloaded"], true);

    let entry = text(&melody.json(&["library", "list"])["entries"][0]["id"]);
    let removed = melody.json(&["library", "remove", &entry]);
    assert!(removed["entries"].is_array(), "{removed}");
    assert_eq!(melody.json(&["library", "list"])["total"], 0);
    second.json(&["library", "sync"]);
    assert_eq!(second.saved_titles(), Vec::<String>::new());

    melody.json(&["logout"]);
    melody.fails(&["whoami"], 3, "AUTH_REQUIRED");
}

#[test]
fn green() {
    let service = Service::start(&["--dialect", "green"]);
    script(&service, "green", service.address());
}

#[test]
fn blue() {
    let service = Service::start(&["--dialect", "blue"]);
    script(&service, "blue", service.address());
}

#[test]
fn green_with_the_faults_of_the_plan() {
    let service = Service::start(&["--dialect", "green", "--as-planned"]);
    script(&service, "green", service.address());
}

#[test]
fn addresses_are_taken_in_every_form() {
    let service = Service::start(&[]);
    let origin = service.address();
    for (address, dialect) in [
        (format!("{origin}/"), "green"),
        (format!("{origin}/api/v1"), "green"),
        (format!("{origin}/api/v1/"), "green"),
        (format!("{origin}/blue"), "blue"),
        (format!("{origin}/green/api/v1"), "green"),
    ] {
        let signed_in = Melody::on(&address).login();
        assert_eq!(signed_in["dialect"], dialect, "{address}");
        // The identity is the service, whatever the way to it.
        let identity = text(&signed_in["service"]);
        assert!(!identity.contains("blue") && !identity.contains("/api"), "{address}: {identity}");
    }
}

#[test]
fn the_service_is_remembered() {
    let service = Service::start(&[]);
    let melody = Melody::on(service.address());
    melody.login();
    let later = Melody::new().profile_at(melody.profile());
    assert_eq!(text(&later.json(&["whoami"])["service"]), service.address());
    assert_eq!(later.json(&["search", "दिल", "--limit", "1"])["from"], "service");
}
