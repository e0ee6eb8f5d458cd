//! What goes wrong with this machine's disk: each with a sentence, its code, its exit, and nothing lost.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use melody_e2e::{
    confine::{self, Confined, NoRights},
    fake::{Dialect, Fake, Song},
    media,
    melody::{Melody, text},
    settled::{fake, intact, settled},
};

#[test]
fn a_full_disk_is_told_and_what_was_saved_stays() {
    let fake = fake();
    let home = Melody::new();
    let disk = home.home().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(confined) = Confined::small_disk(&disk, 6_000) else {
        return confine::not_run(
            "Nobody may mount a small disk here: run as root, or allow user namespaces.",
        );
    };
    let melody = Melody::on(&fake.address()).profile_at(disk.join("profile")).inside(&confined.before());
    melody.login();
    let ids: Vec<String> = melody.json(&["trending"])["songs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|song| text(&song["id"]))
        .collect();
    melody.json(&["library", "add", &ids[0]]);
    confined.fill();
    melody.fails(&["library", "add", &ids[1]], 6, "STORAGE_FULL");
    assert_eq!(melody.saved_titles(), ["दिल की बात"], "what was saved is gone, or what failed is there");
    confined.empty();
    melody.json(&["library", "add", &ids[1]]);
    assert_eq!(melody.saved_titles(), ["Monsoon Letters", "दिल की बात"]);
    assert_eq!(fake.world().library.len(), 2);
}

#[test]
fn a_download_that_does_not_fit_leaves_no_half_file() {
    let fake = Fake::start(Dialect::Green, &[], vec![Song::new("long", "wav", Some(media::wav(60.0)))]);
    let home = Melody::new();
    let disk = home.home().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(confined) = Confined::small_disk(&disk, 6_000) else {
        return confine::not_run(
            "Nobody may mount a small disk here: run as root, or allow user namespaces.",
        );
    };
    let melody = Melody::on(&fake.address()).profile_at(disk.join("profile")).inside(&confined.before());
    melody.login();
    let id = melody.ids("long", 1).remove(0);
    let ended = melody.run(&["download", &id]);
    assert_eq!(ended.exit, Some(6), "{ended:?}");
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("STORAGE_FULL"), "{ended:?}");
    assert_eq!(melody.json(&["song", &id])["song"]["downloaded"], false);
}

#[test]
fn a_read_only_profile_can_be_looked_at() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    let look = |before: &[OsString]| {
        let held = melody.clone().inside(before);
        held.fails(&["library", "add", &ids[1]], 6, "STORAGE_READ_ONLY");
        assert_eq!(held.saved_titles(), ["दिल की बात"]);
    };
    // Rights alone do everywhere; where mounts are allowed, a disk that is read-only as a whole is another matter.
    let guarded = NoRights::to_write(melody.profile());
    look(&guarded.before());
    drop(guarded);
    intact(&melody);
    if let Some(confined) = Confined::read_only(melody.profile()) {
        look(&confined.before());
        intact(&melody);
    }
}

#[test]
fn a_profile_from_a_newer_melody_is_left_alone() {
    let fake = fake();
    let (melody, _) = settled(&fake);
    let database = databases(melody.profile())
        .into_iter()
        .find(|path| saved_entries(path) == Some(1))
        .expect("no database holds the saved song");
    let version = |set: Option<i64>| {
        let connection = rusqlite::Connection::open(&database).unwrap();
        if let Some(version) = set {
            connection.pragma_update(None, "user_version", version).unwrap();
        }
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let ours = version(None);
    version(Some(ours + 1_000));
    melody.fails(&["library", "list"], 6, "STORAGE_NEWER");
    assert_eq!(version(Some(ours)), ours);
    intact(&melody);
}

/// Every SQLite file below a folder.
fn databases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(databases(&path));
        } else if fs::read(&path).unwrap().starts_with(b"SQLite format 3\0") {
            found.push(path);
        }
    }
    found
}

fn saved_entries(database: &Path) -> Option<i64> {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).ok()
}

#[test]
fn a_damaged_database_is_told_and_not_thrown_away() {
    let fake = fake();
    let (melody, _) = settled(&fake);
    let database =
        databases(melody.profile()).into_iter().find(|path| saved_entries(path) == Some(1)).unwrap();
    let mut bytes = fs::read(&database).unwrap();
    bytes[..16].copy_from_slice(b"something other!");
    fs::write(&database, &bytes).unwrap();
    melody.fails(&["library", "list"], 6, "STORAGE_DAMAGED");
    assert_eq!(fs::read(&database).unwrap(), bytes, "the damaged file was changed");
}
