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
    melody::Melody,
    settled::{fake, intact, settled},
};

/// A listener whose profile is on a disk of its own, of so many kB. `None`, said aloud, where nobody may mount one.
fn on_a_small_disk(fake: &Fake, kilobytes: u32) -> Option<(Melody, Confined)> {
    let melody = Melody::on(&fake.address());
    let disk = melody.home().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(confined) = Confined::small_disk(&disk, kilobytes) else {
        confine::not_run("Nobody may mount a small disk here: run as root, or allow user namespaces.");
        return None;
    };
    Some((melody.profile_at(disk.join("profile")).inside(&confined.before()), confined))
}

#[test]
fn a_full_disk_is_told_and_what_was_saved_stays() {
    let fake = fake();
    let Some((melody, confined)) = on_a_small_disk(&fake, 6_000) else { return };
    melody.login();
    let ids = melody.all_ids();
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
fn a_full_disk_costs_no_sign_in() {
    let fake = fake();
    let Some((melody, confined)) = on_a_small_disk(&fake, 6_000) else { return };
    melody.login();
    confined.fill();
    fake.world().access = "no longer what anybody holds".to_owned();
    let asked = fake.world().count("GET", "/library/songs");
    melody.fails(&["library", "verify"], 6, "STORAGE_FULL");
    assert!(fake.world().count("GET", "/library/songs") > asked, "it came so far");
    assert_eq!(fake.world().count("POST", "/auth/refresh-token"), 0, "the old token would be worth nothing");
    confined.empty();
    assert_eq!(melody.json(&["library", "verify"])["differences"], serde_json::json!([]));
}

#[test]
fn a_download_that_does_not_fit_leaves_no_half_file() {
    let fake = Fake::start(Dialect::Green, &[], vec![Song::new("long", "wav", Some(media::wav(60.0)))]);
    let Some((melody, _confined)) = on_a_small_disk(&fake, 6_000) else { return };
    melody.login();
    let id = melody.ids("long", 1).remove(0);
    let ended = melody.run(&["download", &id]);
    assert_eq!(ended.exit, Some(6), "{ended:?}");
    let told: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(told["error"]["code"], "STORAGE_FULL", "{ended:?}");
    // Asked before a byte of it came: what is missing is known.
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("room for 12 MB more") && message.contains("MB are missing"), "{message}");
    assert_eq!(melody.json(&["song", &id])["song"]["downloaded"], false);
}

#[test]
fn a_full_disk_for_temporary_files_is_not_the_services_fault() {
    let fake = Fake::start(Dialect::Green, &[], vec![Song::new("long", "wav", Some(media::wav(60.0)))]);
    let Some((melody, _confined)) = on_a_small_disk(&fake, 1_000) else { return };
    // The profile has room; what is kept while it loads has not.
    let (disk, profile) = (melody.home().join("disk"), melody.home().join("profile"));
    let melody = melody.profile_at(profile).env("TMPDIR", &disk);
    let id = melody.ids("long", 1).remove(0);
    let file = melody.home().join("out.wav");
    let args = ["play", &id, "--to", file.to_str().unwrap()];
    let told = melody.fails(&args, 6, "STORAGE_FULL");
    assert!(told.message.contains(disk.to_str().unwrap()), "which disk? {}", told.message);
}

#[test]
fn a_read_only_profile_can_be_looked_at() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    let look = |before: &[OsString]| {
        let held = melody.clone().inside(before);
        held.fails(&["library", "add", &ids[1]], 6, "STORAGE_READ_ONLY");
        // A sign-out that cannot be kept is none: the service has not heard of it either.
        held.fails(&["logout"], 6, "STORAGE_READ_ONLY");
        assert_eq!(held.saved_titles(), ["दिल की बात"]);
    };
    // Rights alone do everywhere; where mounts are allowed, a disk that is read-only as a whole is another matter.
    let guarded = NoRights::to_write(melody.profile());
    look(&guarded.before());
    drop(guarded);
    intact(&melody);
    assert_eq!(fake.world().count("POST", "/auth/logout"), 0);
    if let Some(confined) = Confined::read_only(melody.profile()) {
        look(&confined.before());
        intact(&melody);
    }
}

/// The service answers; that none of it can be kept is no reason to withhold it.
fn is_told_what_cannot_be_kept(melody: &Melody, code: &str) {
    let found = melody.json(&["search", "monsoon"]);
    assert_eq!(found["songs"][0]["title"], "Monsoon Letters", "{found}");
    assert_eq!((&found["from"], &found["not_kept"]["code"]), (&"service".into(), &code.into()));
    let server_id = found["songs"][0]["server_id"].as_str().unwrap();
    assert!(found["songs"][0]["id"].is_string());
    let trending = melody.json(&["trending"]);
    assert!(trending["songs"].as_array().unwrap().len() > 1, "{trending}");
    assert_eq!(trending["not_kept"]["code"], code);
    let song = melody.json(&["song", server_id]);
    assert_eq!(
        (&song["song"]["title"], &song["not_kept"]["code"]),
        (&"Monsoon Letters".into(), &code.into())
    );
    let people = melody.plain(&["search", "monsoon"]);
    assert_eq!(people.exit, Some(0), "{people:?}");
    assert!(people.stdout.starts_with(server_id), "an ID that can be typed: {people:?}");
    assert!(people.stderr.contains("The answer could not be kept"), "{people:?}");
}

#[test]
fn what_cannot_be_kept_is_told_all_the_same() {
    let fake = fake();
    let (listener, _) = settled(&fake);
    let guest = Melody::on(&fake.address());
    guest.fails(&["whoami"], 3, "AUTH_REQUIRED");
    for melody in [&listener, &guest] {
        let guarded = NoRights::to_write(melody.profile());
        is_told_what_cannot_be_kept(&melody.clone().inside(&guarded.before()), "STORAGE_READ_ONLY");
        drop(guarded);
        if let Some(confined) = Confined::read_only(melody.profile()) {
            is_told_what_cannot_be_kept(&melody.clone().inside(&confined.before()), "STORAGE_READ_ONLY");
        }
        assert_eq!(melody.json(&["search", "monsoon"]).get("not_kept"), None);
    }
    let Some((full, confined)) = on_a_small_disk(&fake, 6_000) else { return };
    full.fails(&["whoami"], 3, "AUTH_REQUIRED");
    confined.fill();
    is_told_what_cannot_be_kept(&full, "STORAGE_FULL");
}

#[test]
fn a_profile_from_a_newer_melody_is_left_alone() {
    let fake = fake();
    let (melody, _) = settled(&fake);
    let database = database(&melody);
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

/// The database that holds the saved song; there must be one.
fn database(melody: &Melody) -> PathBuf {
    let holds_it = |path: &PathBuf| saved_entries(path) == Some(1);
    melody.databases().into_iter().find(holds_it).unwrap()
}

fn saved_entries(database: &Path) -> Option<i64> {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).ok()
}

#[test]
fn a_damaged_database_is_made_anew_told_and_not_thrown_away() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    melody.json(&["playlist", "create", "Rain"]);
    melody.json(&["playlist", "add", "Rain", &ids[0], &ids[1]]);
    let database = database(&melody);
    let mut bytes = fs::read(&database).unwrap();
    bytes[..16].copy_from_slice(b"something other!");
    fs::write(&database, &bytes).unwrap();
    // Whoever opens it first is told.
    let told = melody.plain(&["library", "status"]).stderr;
    assert!(told.contains("was damaged") && told.contains("kept as library.db.damaged-"), "{told}");
    intact(&melody);
    assert_eq!(melody.json(&["playlist", "list"])["playlists"][0]["songs"], 2);
    // It also tells that there is no sound here, if there is none.
    let told = melody.run(&["doctor"]).stdout;
    assert!(told.contains("was damaged") && told.contains("nothing of yours is lost"), "{told}");
    let aside = fs::read_dir(database.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let aside: Vec<_> = aside.filter(|path| path.to_string_lossy().contains("library.db.damaged-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read(&aside[0]).unwrap(), bytes, "the damaged file was changed");
    assert_eq!(melody.json(&["library", "verify"])["differences"], serde_json::json!([]));
}

#[test]
fn a_file_that_is_no_library_is_told_and_left_alone() {
    let fake = fake();
    let (melody, _) = settled(&fake);
    let database = database(&melody);
    let bytes = b"This is no database, it is a letter to a friend. ".repeat(400);
    fs::write(&database, &bytes).unwrap();
    melody.fails(&["library", "list"], 6, "STORAGE_DAMAGED");
    assert_eq!(fs::read(&database).unwrap(), bytes, "a stranger's file was changed");
}
