//! `play` as a process: parts of songs, queues, the real-time sink, interruption.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::bench::{Bench, recorded, song, tone};
use melody_server::Options;

#[test]
fn a_part_of_a_song_and_a_queue_of_two() {
    let bench = Bench::new();
    let ids = [bench.id_of("Tone"), bench.id_of("मेघ राग")];
    let wav = bench.path("part.wav");
    let to = wav.to_str().unwrap();
    let played = bench.json(&["play", &ids[1], "--to", to, "--from", "1", "--for", "0.5"]);
    assert!((played["played"][0]["seconds"].as_f64().unwrap() - 0.5).abs() < 0.02, "{played}");
    assert!((recorded(&wav) - 0.5).abs() < 0.05);
    let played = bench.json(&["play", &ids[0], &ids[1], "--to", to]);
    let rows: Vec<_> =
        played["played"].as_array().unwrap().iter().map(|row| row["song_id"].as_str().unwrap()).collect();
    assert_eq!(rows, ids);
    assert!((recorded(&wav) - 5.0).abs() < 0.1);
}

#[cfg(unix)]
#[test]
fn interrupted_it_tells_what_was_heard_and_ends_as_shells_expect() {
    let bench =
        Bench::with(Options { extra_songs: vec![song("Long", "en", Some(tone(60)))], ..Options::default() });
    let id = bench.id_of("Long");
    for (signal, exit) in [("-INT", 130), ("-TERM", 143)] {
        let mut child = bench
            .melody(&["play", &id, "--to", "null", "--progress"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        assert!(lines.any(|line| line["playback"] == "started"), "it never started");
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let last = lines.last().unwrap();
        assert_eq!(last["played"][0]["song_id"], id.as_str(), "{last}");
        assert_eq!(last["played"][0]["error"], Value::Null);
        assert_eq!(child.wait().unwrap().code(), Some(exit));
    }
}

#[cfg(unix)]
#[test]
fn who_interrupts_again_does_not_wait_for_an_output_that_never_closes() {
    let bench =
        Bench::with(Options { extra_songs: vec![song("Long", "en", Some(tone(60)))], ..Options::default() });
    let id = bench.id_of("Long");
    let pipe = bench.path("full.wav");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Somebody has it open, and never reads: it fills up, and whoever writes to it stands still.
    let _held = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut child = bench
        .melody(&["play", &id, "--to", pipe.to_str().unwrap(), "--progress"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("started")), "it never started");
    // A person presses until it is over, and not for ever.
    for _ in 0..50 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        thread::sleep(Duration::from_millis(100));
    }
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(130), "it does not end");
}
