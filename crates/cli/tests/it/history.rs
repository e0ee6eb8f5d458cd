//! The listening history by the program, also after it was killed in the midst of a song.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use melody_server::{AudioSource, ExtraAudio, ExtraSong, Options};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::bench::{Bench, keys};

#[test]
fn what_was_heard_is_listed() {
    let bench = Bench::new();
    assert_eq!(bench.json(&["history"]), json!({ "listens": [], "total": 0 }));
    let id = bench.id_of("Tone");
    let wav = bench.path("x.wav");
    bench.json(&["play", &id, "--to", wav.to_str().unwrap()]);
    bench.json(&["play", &id, "--for", "0.5", "--to", wav.to_str().unwrap()]);
    let kept = bench.json(&["history", "--limit", "1"]);
    keys(&kept, &["listens", "total"]);
    keys(&kept["listens"][0], &["id", "song", "rendition", "began_at", "seconds", "completed", "counted"]);
    assert_eq!((&kept["total"], &kept["listens"][0]["counted"]), (&2.into(), &false.into()));
    let first = &bench.json(&["history", "--offset", "1"])["listens"][0];
    assert_eq!((&first["song"]["id"], &first["counted"]), (&id.as_str().into(), &true.into()));
    let told = bench.run(&["history"]);
    assert!(told.out.lines().count() == 2 && told.out.starts_with(&id), "{told:?}");
    assert_eq!(told.err, "2 listens.\n");
    assert_eq!(bench.refusal(&["history", "--limit", "0"]).0, 2);
}

/// A database below the profile that has a listen under way, and its key.
fn checkpoint(bench: &Bench) -> Option<(Connection, String, Value)> {
    let services = std::fs::read_dir(bench.profile()).unwrap();
    let accounts = services.filter_map(|service| std::fs::read_dir(service.unwrap().path()).ok()).flatten();
    let mut files =
        accounts.map(|account| account.unwrap().path().join("library.db")).filter(|db| db.is_file());
    files.find_map(|file| {
        let database = Connection::open(file).unwrap();
        let found =
            database.query_row("SELECT key, value FROM setting WHERE key LIKE 'listening.%'", [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            });
        let (key, value) = found.ok()?;
        Some((database, key, serde_json::from_str(&value).unwrap()))
    })
}

#[test]
fn a_kill_in_the_midst_of_a_song_loses_some_seconds_of_it_and_no_play() {
    let audio = ExtraAudio {
        rendition: "original".into(),
        format: "wav".into(),
        source: AudioSource::Bytes(crate::bench::tone(12).into()),
    };
    let song = ExtraSong {
        title: "Twelve".into(),
        artist: "Bench".into(),
        duration_s: 12,
        audio: vec![audio],
        ..ExtraSong::default()
    };
    let bench = Bench::with(Options { extra_songs: vec![song], ..Options::default() });
    bench.sign_in();
    let id = bench.id_of("Twelve");
    bench.json(&["library", "add", &id]);
    let mut player = bench
        .melody(&["play", &id, "--to", "null", "--progress"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(player.stdout.take().unwrap()).lines();
    // Until more than half of it is on the disk, and it still plays.
    let heard = lines.find_map(|line| {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        (event["at_s"].as_f64()? > 6.0).then_some(())?;
        let kept = checkpoint(&bench)?.2;
        (kept["counts"] == true).then(|| kept["heard"]["secs"].as_u64().unwrap())
    });
    player.kill().unwrap();
    player.wait().unwrap();
    assert!(heard.unwrap() >= 6);

    // As if it had been some time ago.
    let (database, key, mut kept) = checkpoint(&bench).unwrap();
    kept["told_at"] = "2026-01-01T00:00:00Z".into();
    database.execute("UPDATE setting SET value = ?2 WHERE key = ?1", (&key, kept.to_string())).unwrap();
    drop(database);
    for _ in 0..2 {
        let listens = bench.json(&["history"])["listens"].clone();
        assert_eq!(listens.as_array().unwrap().len(), 1);
        assert!(listens[0]["seconds"].as_f64().unwrap() >= 6.0, "{listens}");
        assert_eq!((&listens[0]["counted"], &listens[0]["completed"]), (&true.into(), &false.into()));
    }
    bench.json(&["library", "sync"]);
    let list = bench.json(&["library", "list"]);
    assert_eq!(
        (&list["entries"][0]["play_count"], &list["entries"][0]["pending"]),
        (&1.into(), &false.into())
    );
}
