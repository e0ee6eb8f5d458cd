//! The way through, in both dialects: every document has the keys that scripts rely on.

use melody_server::{Dialect, Options};
use serde_json::{Value, json};

use crate::bench::{Bench, OTP, PHONE, keys, program, recorded, said, typed};

const SONG: &[&str] = &[
    "id",
    "server_id",
    "title",
    "artist",
    "album",
    "language",
    "duration_s",
    "genre",
    "release_year",
    "popularity",
    "explicit",
    "thumbnail_url",
    "external_ids",
    "audio_files",
    "in_library",
    "downloaded",
];
const ENTRY: &[&str] = &["id", "song", "added_at", "play_count", "last_played_at", "pending", "downloaded"];

#[test]
fn green_from_sign_in_to_sound() {
    whole_way(Dialect::Green);
}

#[test]
fn blue_from_sign_in_to_sound() {
    whole_way(Dialect::Blue);
}

fn whole_way(dialect: Dialect) {
    let bench = Bench::with(Options { dialect, ..Options::default() });
    let user = bench.json(&["login", "--phone", PHONE, "--country", "+91", "--otp", OTP]);
    keys(&user, &["user", "service", "dialect"]);
    keys(&user["user"], &["id", "phone_masked", "name"]);
    assert_eq!(user["user"]["phone_masked"], "+91 ••••••3210");
    assert_eq!(user["dialect"], dialect.to_string());
    assert_eq!(bench.json(&["whoami"])["user"], user["user"]);

    let found = bench.json(&["search", "मेघ", "--language", "hi"]);
    keys(&found, &["songs", "total", "total_exact", "skipped", "from"]);
    assert_eq!(found["from"], "service");
    assert_eq!(found["total"], 1);
    let song = &found["songs"][0];
    keys(song, SONG);
    assert_eq!(song["title"], "मेघ राग");
    assert!(song["audio_files"]["original"]["url"].is_string(), "{song}");
    let id = song["id"].as_str().unwrap();

    let trending = bench.json(&["trending", "--timeframe", "daily"]);
    keys(&trending, &["songs"]);
    assert!(!trending["songs"].as_array().unwrap().is_empty());

    let full = bench.json(&["song", song["server_id"].as_str().unwrap()]);
    keys(&full, &["song"]);
    keys(&full["song"], &[SONG, &["lyrics", "metadata"]].concat());
    assert_eq!(full["song"]["id"], song["id"]);

    let added = bench.json(&["library", "add", id]);
    keys(&added, &["entries", "state"]);
    keys(&added["entries"][0], ENTRY);
    assert_eq!(added["entries"][0]["pending"], false);
    assert_eq!(bench.server().library_count("+91", PHONE).unwrap(), 1);

    let list = bench.json(&["library", "list", "--sort", "title", "--order", "asc"]);
    keys(&list, &["entries", "total"]);
    assert_eq!(list["total"], 1);
    let entry = list["entries"][0]["id"].as_str().unwrap();
    for command in ["sync", "status"] {
        let status = bench.json(&["library", command]);
        keys(&status, &["state", "entries", "pending", "parked", "uncertain", "until"]);
        assert_eq!(
            (&status["state"], &status["entries"], &status["pending"]),
            (&"idle".into(), &1.into(), &0.into())
        );
    }

    let downloads = bench.json(&["download", entry]);
    keys(&downloads, &["downloads"]);
    let row = &downloads["downloads"][0];
    keys(row, &["song_id", "rendition", "state", "bytes", "total", "title", "artist"]);
    assert_eq!((&row["song_id"], &row["state"]), (&song["id"], &"done".into()));
    assert_eq!(row["bytes"], row["total"]);

    let wav = bench.path("heard.wav");
    let played = bench.json(&["play", entry, "--to", wav.to_str().unwrap()]);
    keys(&played, &["played"]);
    let row = &played["played"][0];
    keys(row, &["song_id", "seconds", "first_sample_ms", "format", "error"]);
    assert_eq!((&row["song_id"], &row["error"]), (&song["id"], &Value::Null));
    assert!((row["seconds"].as_f64().unwrap() - 3.0).abs() < 0.05, "{row}");
    assert!((recorded(&wav) - 3.0).abs() < 0.05);

    let removed = bench.json(&["library", "remove", entry]);
    keys(&removed, &["entries", "state"]);
    assert_eq!(bench.server().library_count("+91", PHONE).unwrap(), 0);
    assert_eq!(bench.json(&["logout"]), serde_json::json!({ "pending_kept": 0 }));
    assert_eq!(bench.refusal(&["whoami"]), (3, "AUTH_REQUIRED".to_owned()));
}

#[test]
fn what_is_saved_without_a_network_waits_and_what_is_kept_is_found() {
    let mut bench = Bench::new();
    bench.sign_in();
    let id = bench.id_of("Tone");
    bench.unplug();
    let added = bench.json(&["library", "add", &id]);
    assert_eq!(added["entries"][0]["pending"], true);
    assert_eq!(bench.json(&["library", "status"])["pending"], 1);
    let found = bench.json(&["search", "ton", "--offline"]);
    assert_eq!((&found["from"], &found["songs"][0]["id"]), (&"local".into(), &id.as_str().into()));
    assert_eq!(bench.json(&["search", "nothing of the kind", "--offline"])["total"], 0);
    assert_eq!(bench.json(&["logout"])["pending_kept"], 1);
}

#[test]
fn the_profile_remembers_the_service() {
    let bench = Bench::new();
    bench.sign_in();
    let mut command = crate::bench::program();
    command.arg("whoami").arg("--json").arg("--profile").arg(bench.profile());
    let who = said(command.output().unwrap());
    assert_eq!(who.exit, 0, "{who:?}");
    assert_eq!(who.document()["dialect"], "green");
}

#[test]
fn the_code_is_taken_from_stdin_in_digits_of_any_script() {
    let bench = Bench::new();
    for code in [format!("{OTP}\n"), "२४६८१०\n".to_owned(), "  246 810".to_owned()] {
        let said = typed(bench.melody(&["login", "--phone", "९८७६५ ४३२१०", "--json"]), &code);
        assert_eq!((said.exit, said.err.as_str()), (0, ""), "{said:?}");
        assert_eq!(said.document()["user"]["phone_masked"], "+91 ••••••3210");
    }
}

#[test]
fn progress_is_lines_of_json_and_the_document_last() {
    let bench = Bench::new();
    bench.sign_in();
    let id = bench.id_of("Tone");
    let wav = bench.path("x.wav");
    let commands: [(&[&str], &str, &str); 3] = [
        (&["download", &id, "--progress"], "download_changed", "downloads"),
        (&["library", "sync", "--progress"], "sync_changed", "state"),
        (&["play", &id, "--to", wav.to_str().unwrap(), "--progress"], "playback", "played"),
    ];
    for (args, event, last) in commands {
        let said = bench.run(args);
        assert_eq!((said.exit, said.err.as_str()), (0, ""), "{said:?}");
        let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (document, events) = lines.split_last().unwrap();
        assert!(document.get(last).is_some(), "{document}");
        assert!(!events.is_empty() && events.iter().all(|line| line["event"] == event), "{said:?}");
    }
}

#[test]
fn two_machines_are_compared_song_by_song() {
    let bench = Bench::new();
    bench.sign_in();
    bench.json(&["library", "add", &bench.id_of("Tone")]);
    let same = bench.json(&["library", "verify"]);
    keys(&same, &["here", "there", "pending", "differences"]);
    assert_eq!((&same["here"], &same["there"], &same["differences"]), (&1.into(), &1.into(), &json!([])));

    let other = bench.path("another machine");
    let there = |args: &[&str]| {
        let mut melody = program();
        melody.arg("--profile").arg(&other).args(["--server", &bench.address, "--json"]).args(args);
        let said = said(melody.output().unwrap());
        assert_eq!((said.exit, said.err.as_str()), (0, ""), "{args:?} {said:?}");
        said.document()
    };
    there(&["login", "--phone", PHONE, "--otp", OTP]);
    let silence = there(&["search", "Silence"])["songs"][0]["id"].as_str().unwrap().to_owned();
    there(&["library", "add", &silence]);

    let found = bench.run(&["library", "verify", "--json"]);
    assert_eq!((found.exit, found.err.as_str()), (1, ""), "{found:?}");
    let differs = &found.document()["differences"][0];
    assert_eq!((&differs["kind"], &differs["title"]), (&"missing_here".into(), &"Silence".into()));
    let told = bench.run(&["library", "verify"]);
    assert_eq!(told.exit, 1);
    assert!(told.out.contains("Silence\tonly on the service"), "{told:?}");
    assert_eq!(told.err, "1 saved song here, 2 there: 1 difference.\n");

    bench.json(&["library", "sync"]);
    assert_eq!(bench.json(&["library", "verify"])["differences"], json!([]));
    keys(
        &bench.json(&["library", "retry"]),
        &["state", "entries", "pending", "parked", "uncertain", "until"],
    );
    assert_eq!(bench.refusal(&["library", "discard", "nothing"]), (2, "VALIDATION_ERROR".to_owned()));
    assert_eq!(bench.json(&["library", "switches"]), json!({ "switches": [] }));
}
