//! Instrumentals on request, notifications and the profile, by the program.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use melody_server::{CatalogueChoice, Fault, FaultKind, Options};
use serde_json::{Value, json};

use crate::bench::{Bench, OTP, PHONE, keys};

const CONVERT: &str = "POST /audio/convert-to-instrumental";

/// Somebody signed in at the demo, and a song of theirs without an instrumental.
fn saved(options: Options) -> (Bench, String) {
    let bench = Bench::exactly(Options {
        catalogue: CatalogueChoice::Demo,
        otp: Some(OTP.into()),
        limits: false,
        ..options
    });
    bench.sign_in();
    let songs = bench.json(&["trending", "--limit", "50"])["songs"].clone();
    let plain = songs.as_array().unwrap().iter().find(|song| song["audio_files"]["instrumental"].is_null());
    let id = plain.unwrap()["id"].as_str().unwrap().to_owned();
    bench.json(&["library", "add", &id]);
    (bench, id)
}

fn quick() -> Options {
    Options { conversion_time: Duration::from_millis(200), ..Options::default() }
}

#[test]
fn an_instrumental_is_waited_for_and_played() {
    let (bench, id) = saved(quick());
    let done = bench.json(&["convert", &id, "--wait"]);
    keys(&done, &["conversion"]);
    let all = [
        "id",
        "song",
        "status",
        "progress",
        "queue_position",
        "seconds_left",
        "created_at",
        "started_at",
        "completed_at",
        "error",
    ];
    keys(&done["conversion"], &all);
    assert_eq!(
        (&done["conversion"]["status"], &done["conversion"]["progress"]),
        (&json!("completed"), &json!(100))
    );
    assert_eq!(done["conversion"]["song"]["id"], id.as_str());
    let wav = bench.path("x.wav");
    let played = bench.json(&[
        "play",
        &id,
        "--rendition",
        "instrumental",
        "--for",
        "1",
        "--to",
        wav.to_str().unwrap(),
    ]);
    assert_eq!(played["played"][0]["error"], Value::Null, "{played}");
    // Asked for again there is nothing to do, and nothing is spent.
    let again = bench.json(&["convert", &id]);
    assert_eq!(
        (&again["conversion"]["id"], &again["conversion"]["status"]),
        (&Value::Null, &json!("completed"))
    );
    let list = bench.json(&["conversions"]);
    keys(&list, &["conversions", "total", "skipped"]);
    assert_eq!((&list["total"], &list["conversions"][0]["song"]["id"]), (&json!(1), &json!(id)));
    let told = bench.run(&["conversions"]);
    assert!(told.out.lines().count() == 1 && told.out.contains("completed\t100%"), "{told:?}");
    assert_eq!(told.err, "1 conversion.\n");
}

#[test]
fn one_that_nobody_waits_for_is_played_without_further_ado() {
    let (bench, id) = saved(quick());
    let begun = bench.json(&["convert", &id]);
    let job = begun["conversion"]["id"].clone();
    // Asked for twice it is the same one.
    let again = bench.json(&["convert", &id, "--wait"])["conversion"].clone();
    assert!(again["id"] == job || again["id"].is_null(), "{again}");
    let asked = bench.server().request_log().iter().filter(|one| one.path.ends_with("instrumental")).count();
    assert_eq!(asked, 1);
    let wav = bench.path("x.wav");
    bench.json(&["play", &id, "--rendition", "instrumental", "--for", "1", "--to", wav.to_str().unwrap()]);
}

#[test]
fn progress_is_told_in_lines() {
    let (bench, id) = saved(Options { conversion_time: Duration::from_secs(1), ..Options::default() });
    let said = bench.run(&["convert", &id, "--wait", "--progress", "--json"]);
    assert_eq!((said.exit, said.err.as_str()), (0, ""), "{said:?}");
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(last["conversion"]["status"], "completed");
    let steps: Vec<i64> = events
        .iter()
        .filter(|line| line["event"] == "conversion_changed")
        .map(|line| line["progress"].as_i64().unwrap())
        .collect();
    assert!(steps.len() > 1 && steps.is_sorted() && steps.last() == Some(&100), "{steps:?}");
}

#[test]
fn refusals_have_their_exits() {
    let (bench, id) = saved(quick());
    let refused = |args: &[&str], exit: i32, code: &str| {
        assert_eq!(bench.refusal(args), (exit, code.to_owned()), "{args:?}");
    };
    bench.server().set_faults(vec![Fault::new(CONVERT, FaultKind::FailConversion).times(1)]).unwrap();
    let said = bench.run(&["convert", &id, "--wait", "--json"]);
    assert_eq!((said.exit, said.code().as_str(), said.out.as_str()), (5, "PROCESSING_ERROR", ""));
    assert!(said.err.contains("the model ran out of memory"), "{said:?}");
    assert_eq!(bench.json(&["conversions", "--status", "failed"])["total"], 1);

    bench.server().set_faults(vec![Fault::new(CONVERT, FaultKind::Status).status(429)]).unwrap();
    refused(&["convert", &id], 5, "RATE_LIMIT_EXCEEDED");
    refused(&["convert", "00000000-0000-4000-8000-000000000000"], 5, "RESOURCE_NOT_FOUND");
    refused(&["convert", "no id"], 2, "VALIDATION_ERROR");
    refused(&["conversions", "--limit", "101"], 2, "USAGE");
    refused(&["conversions", "--status", "lost"], 2, "USAGE");
    let said = bench.run(&["notifications", "read", "00000000-0000-4000-8000-000000000000", "--json"]);
    assert!(said.exit == 5 && said.err.contains("RESOURCE_NOT_FOUND"), "{said:?}");
    refused(&["notifications", "read"], 2, "USAGE");
    refused(&["profile", "set"], 2, "USAGE");
    refused(&["profile", "avatar", "no-such-file.png"], 2, "USAGE");
    bench.json(&["library", "remove", &id]);
    refused(&["convert", &id], 2, "VALIDATION_ERROR");
    bench.json(&["logout"]);
    for args in
        [&["convert", id.as_str()][..], &["conversions"], &["notifications", "list"], &["profile", "show"]]
    {
        refused(args, 3, "AUTH_REQUIRED");
    }
}

#[cfg(unix)]
#[test]
fn who_stops_waiting_does_not_stop_it() {
    let (bench, id) = saved(Options { conversion_time: Duration::from_secs(4), ..Options::default() });
    let mut waiting = bench
        .melody(&["convert", &id, "--wait", "--progress"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(waiting.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("processing")));
    let pid = waiting.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ended = waiting.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("The service goes on with it."), "{told}");
    let done = bench.json(&["convert", &id, "--wait"]);
    assert_eq!(done["conversion"]["status"], "completed");
}

#[test]
fn notifications_are_listed_and_read() {
    let bench = Bench::new();
    bench.sign_in();
    for title in ["One", "Two", "Three"] {
        bench.runtime.block_on(bench.server().notify("+91", PHONE, title, "Words")).unwrap();
    }
    let page = bench.json(&["notifications", "list", "--limit", "2"]);
    keys(&page, &["notifications", "total", "unread", "skipped"]);
    keys(&page["notifications"][0], &["id", "type", "title", "message", "data", "read", "created_at"]);
    assert_eq!((&page["total"], &page["unread"]), (&json!(3), &json!(3)));
    let id = page["notifications"][0]["id"].as_str().unwrap();
    assert_eq!(bench.json(&["notifications", "read", id]), json!({ "unread": 2 }));
    let unread = bench.json(&["notifications", "list", "--unread"]);
    assert_eq!(unread["notifications"][0]["title"], "Two");
    let told = bench.run(&["notifications", "list"]);
    assert_eq!(told.err, "3 notifications, 2 unread.\n");
    assert_eq!(bench.json(&["notifications", "read", "--all"]), json!({ "unread": 0 }));
}

#[test]
fn the_profile_is_changed_in_part() {
    let bench = Bench::new();
    bench.sign_in();
    let shown = bench.json(&["profile", "show"]);
    keys(&shown["user"], &["id", "phone_masked", "name", "avatar_url", "preferences", "stats"]);
    keys(&shown["user"]["stats"], &["songs", "playtime_s", "conversions", "joined_at"]);
    bench.json(&["profile", "set", "--languages", "hi,ta", "--notifications", "off"]);
    let changed = bench.json(&["profile", "set", "--name", " Asha ", "--auto-convert", "on"])["user"].clone();
    assert_eq!(changed["name"], "Asha");
    assert_eq!(
        changed["preferences"],
        json!({ "languages": ["hi", "ta"], "genres": null, "auto_convert_to_instrumental": true,
            "notifications_enabled": false })
    );
    assert_eq!(bench.json(&["whoami"])["user"]["name"], "Asha");
    let picture = bench.path("me.png");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\nrest").unwrap();
    let with = bench.json(&["profile", "avatar", picture.to_str().unwrap()]);
    assert!(with["user"]["avatar_url"].as_str().unwrap().contains("/media/avatars/"), "{with}");
    std::fs::write(&picture, b"no picture").unwrap();
    assert_eq!(
        bench.refusal(&["profile", "avatar", picture.to_str().unwrap()]),
        (2, "VALIDATION_ERROR".to_owned())
    );
}
