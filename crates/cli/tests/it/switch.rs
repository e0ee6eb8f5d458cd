//! The service changes its backend between two runs of the program, each of which begins with what the disk knows.

use melody_server::{CatalogueChoice, Dialect, Options};
use serde_json::{Value, json};

use crate::bench::{Bench, OTP, PHONE};

const SONGS: usize = 6;

/// Signed in on blue, with songs saved.
fn saved_on_blue() -> Bench {
    let bench = Bench::exactly(Options {
        catalogue: CatalogueChoice::Synthetic(40),
        otp: Some(OTP.into()),
        dialect: Dialect::Blue,
        ..Options::default()
    });
    bench.sign_in();
    let found = bench.json(&["trending", "--limit", "10"]);
    let ids: Vec<&str> =
        found["songs"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    bench.json(&[&["library", "add"], &ids[..SONGS]].concat());
    assert_eq!(there(&bench), SONGS);
    bench
}

fn there(bench: &Bench) -> usize {
    bench.server().library_count("+91", PHONE).unwrap()
}

/// What a listener sees of the library, under ids of ours.
fn listed(bench: &Bench) -> Vec<Value> {
    let list = bench.json(&["library", "list", "--sort", "title", "--order", "asc"]);
    let entries = list["entries"].as_array().unwrap().iter();
    entries.map(|e| json!([e["id"], e["song"]["id"], e["song"]["title"], e["added_at"]])).collect()
}

fn in_step(bench: &Bench) {
    let synced = bench.json(&["library", "sync"]);
    assert_eq!((&synced["state"], &synced["pending"]), (&json!("idle"), &json!(0)), "{synced}");
    assert_eq!(synced["parked"], json!([]));
}

#[test]
fn a_program_that_begins_after_a_switch_goes_on_with_the_other_backend() {
    let bench = saved_on_blue();
    let before = listed(&bench);
    let mut left = SONGS;
    for dialect in [Dialect::Green, Dialect::Blue, Dialect::Green] {
        bench.server().set_dialect_keeping_tokens(dialect);
        in_step(&bench);
        assert_eq!(listed(&bench), before[SONGS - left..], "{dialect}");
        assert_eq!(there(&bench), left, "{dialect}");
        // What is changed now, the backend hears under its own ids.
        bench.json(&["library", "remove", before[SONGS - left][0].as_str().unwrap()]);
        left -= 1;
        assert_eq!(there(&bench), left, "{dialect}");
    }
}

#[test]
fn a_program_that_begins_after_a_switch_asks_for_a_sign_in_and_fills_an_empty_backend() {
    let bench = saved_on_blue();
    let before = listed(&bench);
    bench.server().set_dialect(Dialect::Green).unwrap();
    bench.server().forget_libraries().unwrap();
    for _ in 0..2 {
        assert_eq!(bench.refusal(&["library", "sync"]), (3, "AUTH_REQUIRED".to_owned()));
        assert_eq!(listed(&bench), before);
    }
    let removed = bench.json(&["library", "remove", before[0][0].as_str().unwrap()]);
    assert_eq!(removed["entries"][0]["pending"], true);
    bench.sign_in();
    in_step(&bench);
    in_step(&bench);
    assert_eq!(listed(&bench), before[1..]);
    assert_eq!(there(&bench), SONGS - 1);
    let switches = bench.json(&["library", "switches"]);
    assert_eq!(switches["switches"].as_array().unwrap().len(), 1, "{switches}");
    assert_eq!(
        (&switches["switches"][0]["from"], &switches["switches"][0]["to"]),
        (&json!("blue"), &json!("green"))
    );
}
