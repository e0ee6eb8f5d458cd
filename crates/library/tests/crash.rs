//! Killed at any moment: what was confirmed is there, nothing is half there, and the file is whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.
#![cfg(unix)]

mod common;

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use common::{inspect, song};
use melody_library::{EntryQuery, Library};

const CHILD: &str = "MELODY_TEST_CRASH";

/// Kills in one run; each comes after another number of confirmed writes.
const ROUNDS: usize = 12;

#[tokio::test]
async fn what_was_confirmed_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.db");
    let mut confirmed = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(CHILD, &file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The kill lands somewhere in the write after a confirmed one: round by round somewhere else.
        let mut until = 3 + round * 7 % 11;
        while until > 0 {
            let line = lines.next().expect("the child goes on").unwrap();
            if let Some(n) = line.strip_prefix("confirmed ") {
                confirmed = n.parse().unwrap();
                until -= 1;
            }
        }
        for _ in 0..round * 5_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        // What it still said before it died was confirmed as well.
        for line in lines.map_while(Result::ok) {
            if let Some(n) = line.strip_prefix("confirmed ") {
                confirmed = n.parse().unwrap();
            }
        }
        child.wait().unwrap();

        let library = Library::open(&file).unwrap();
        let saved = library.entries(EntryQuery { limit: 1, ..EntryQuery::default() }).await.unwrap().total;
        assert!(saved == confirmed || saved == confirmed + 1, "{confirmed} confirmed, {saved} there");
        assert_eq!(library.outbox_status().await.unwrap().pending, saved, "each with its operation");
        for n in [1, confirmed / 2, confirmed] {
            let id = library.resolve(&format!("s{n}")).await.unwrap().expect("a confirmed song");
            assert!(library.entry_of(id).await.unwrap().is_some());
        }
        confirmed = saved;
        drop(library);
        let outsider = inspect(&file);
        let check: String = outsider.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let indexed: u64 = outsider.query_row("SELECT count(*) FROM search", [], |row| row.get(0)).unwrap();
        let songs: u64 = outsider.query_row("SELECT count(*) FROM song", [], |row| row.get(0)).unwrap();
        assert_eq!(indexed, songs, "the index knows every song and no other");
    }
}

/// Saves one song after another for ever, and says so after each.
#[tokio::test]
#[ignore = "run and killed by what_was_confirmed_survives_kill_9"]
async fn child() {
    let library = Library::open(&PathBuf::from(env::var_os(CHILD).unwrap())).unwrap();
    let generation = library.generation("green").await.unwrap();
    let saved = library.entries(EntryQuery { limit: 1, ..EntryQuery::default() }).await.unwrap().total;
    for n in saved + 1.. {
        let remote = song(&format!("s{n}"), &format!("Song number {n}"), "Someone");
        let stored = library.store_songs(generation, vec![remote]).await.unwrap();
        library.add(stored[0].id).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "confirmed {n}").unwrap();
        out.flush().unwrap();
    }
}
