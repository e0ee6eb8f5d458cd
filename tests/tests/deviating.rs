//! `melody serve --deviate` beside a clean backend: `melody parity` finds what was put in, by its name and rank, and nothing
//! else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where a bench or an answer is not as it must be"
)]

use std::fs;

use melody_e2e::{
    melody::{Melody, OTP, PHONE, failure},
    service::Service,
};
use serde_json::Value;

/// An entry of the file; which cases see it; what is found: kind, severity, a part of the path.
const DEVIATIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("kind='rename'\nfield='album'\nto='record'", "music/search/limit", "rename", "degrading", "/album"),
    (
        "kind='rename'\nfield='data.tracks.title'\nto='name'",
        "music/search/limit",
        "rename",
        "breaking",
        "/title",
    ),
    ("kind='drop'\nfield='audio_files'", "music/search/limit", "drop", "breaking", "/audio_files"),
    ("kind='type'\nfield='duration'", "music/search/limit", "type", "cosmetic", "/duration"),
    ("kind='status'\nstatus=500", "music/search/limit", "status", "breaking", "status"),
    ("kind='order'", "music/search/limit", "order", "degrading", "/data/tracks"),
    ("kind='precision'\nfield='popularity'", "music/search/limit", "precision", "degrading", "/popularity"),
    ("kind='encoding'\nfield='title'", "music/search/limit", "encoding", "degrading", "/title"),
    ("kind='doubled'", "music/search/limit", "doubled", "degrading", "/data/tracks/"),
    ("kind='lost'\nnth=2", "music/search/limit", "lost", "degrading", "/data/tracks/"),
    ("kind='slow'\nms=250", "music/search/limit", "slow", "degrading", "latency"),
];

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn each_kind_is_found_by_the_terminal() {
    let blue = Service::start(&["--dialect", "blue"]);
    let melody = Melody::new();
    let file = melody.home().join("deviations.toml");
    let path = file.to_str().unwrap();
    for (entry, only, kind, severity, place) in DEVIATIONS {
        fs::write(&file, format!("[[deviation]]\nroute = 'GET /music/search'\n{entry}\n")).unwrap();
        let green = Service::start(&["--dialect", "green", "--deviate", path]);
        let ended = melody.run(&[
            "parity",
            "--blue",
            blue.address(),
            "--green",
            green.address(),
            "--phone",
            PHONE,
            "--otp",
            OTP,
            "--only",
            only,
            "--rounds",
            "0",
        ]);
        assert_eq!(ended.exit, Some(1), "{entry}: {ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let found = report["findings"].as_array().unwrap();
        let right = |f: &&Value| {
            text(f, "kind") == *kind && text(f, "severity") == *severity && text(f, "path").contains(place)
        };
        assert!(found.iter().any(|f| right(&f)), "{entry}: {found:#?}");
        // Whatever else is told is told of the calls that deviate.
        assert!(found.iter().all(|f| text(f, "call") == "GET /music/search"), "{entry}: {found:#?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_its_line() {
    let melody = Melody::new();
    let file = melody.home().join("deviations.toml");
    fs::write(&file, "[[deviation]]\nroute = 'GET /music/search'\nkind = 'rename'\nfield = 'title'\n")
        .unwrap();
    let ended = melody.run(&["serve", "--deviate", file.to_str().unwrap()]);
    let told = failure(&[], &ended, 2, "USAGE").message;
    assert!(told.contains("line 1") && told.contains("what the field is called instead"), "{told}");
}
