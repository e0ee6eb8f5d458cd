//! `kill -9` at any moment: the profile opens, and nothing that was confirmed is lost.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use melody_e2e::{
    fake::{Dialect, Fake, Song},
    media,
    melody::{Melody, text},
};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde_json::Value;

/// The same moments in every run; `MELODY_SEED` tries others.
fn moments() -> SmallRng {
    let seed = std::env::var("MELODY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    println!("MELODY_SEED={seed}");
    SmallRng::seed_from_u64(seed)
}

/// Starts a command and kills it after `after`, unless it ended by itself. What it printed by then.
fn killed(command: &mut Command, after: Duration) -> String {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (send, all) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = std::io::Read::read_to_end(&mut out, &mut bytes);
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    let printed = all.recv_timeout(after);
    // It may have ended between the two.
    let _ = child.kill();
    child.wait().unwrap();
    printed.or_else(|_| all.recv()).unwrap()
}

/// What it takes to do the thing once, undisturbed: moments are drawn from that.
fn length_of(melody: &Melody, args: &[&str]) -> Duration {
    melody.run(args).took
}

fn a_moment(rng: &mut SmallRng, within: Duration) -> Duration {
    within.mul_f64(rng.random_range(0.0..1.2))
}

/// Opens, and every database in it is whole.
fn opens(melody: &Melody) {
    melody.json(&["library", "list", "--limit", "1"]);
    for path in melody.databases() {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "{}", path.display());
    }
}

fn many(count: usize, sound: Option<&[u8]>) -> Vec<Song> {
    (0..count).map(|n| Song::new(&format!("Geet {n:03}"), "wav", sound.map(<[u8]>::to_vec))).collect()
}

fn all_ids(melody: &Melody) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let offset = ids.len().to_string();
        let page = melody.json(&["search", "Geet", "--limit", "50", "--offset", &offset]);
        let songs = page["songs"].as_array().unwrap();
        if songs.is_empty() {
            return ids;
        }
        ids.extend(songs.iter().map(|song| text(&song["id"])));
    }
}

#[test]
fn while_adding_and_syncing() {
    let fake = Fake::start(Dialect::Green, &[], many(60, None));
    let melody = Melody::on(&fake.address());
    melody.login();
    let ids = all_ids(&melody);
    let usual = length_of(&melody, &["library", "add", &ids[0]]);
    let mut rng = moments();
    let mut confirmed = BTreeSet::from([ids[0].clone()]);
    for id in &ids[1..40] {
        let after = a_moment(&mut rng, usual);
        let printed = killed(&mut melody.command(&["library", "add", id]), after);
        if serde_json::from_str::<Value>(&printed).is_ok() {
            confirmed.insert(id.clone());
        }
        if rng.random_bool(0.3) {
            killed(&mut melody.command(&["library", "sync"]), a_moment(&mut rng, usual));
        }
        if rng.random_bool(0.2) {
            opens(&melody);
        }
    }
    opens(&melody);
    melody.json(&["library", "sync"]);
    let list = melody.json(&["library", "list", "--limit", "100"]);
    let saved: BTreeSet<String> =
        list["entries"].as_array().unwrap().iter().map(|entry| text(&entry["song"]["id"])).collect();
    assert!(confirmed.is_subset(&saved), "confirmed and lost: {:?}", confirmed.difference(&saved));
    let status = melody.json(&["library", "status"]);
    assert_eq!((&status["pending"], &status["parked"]), (&0.into(), &serde_json::json!([])), "{status}");
    // Saved here is saved there, once.
    assert_eq!(fake.world().library.len(), saved.len());
    println!("{} confirmed, {} saved", confirmed.len(), saved.len());
}

#[test]
fn while_filling_a_fresh_profile() {
    let fake = Fake::start(Dialect::Green, &[], many(300, None));
    fake.world().library = (0..300).collect();
    let mut rng = moments();
    for _ in 0..8 {
        let melody = Melody::on(&fake.address());
        melody.login();
        killed(&mut melody.command(&["library", "sync"]), a_moment(&mut rng, Duration::from_millis(300)));
        opens(&melody);
        melody.json(&["library", "sync"]);
        assert_eq!(melody.json(&["library", "list"])["total"], 300);
        assert_eq!(fake.world().library.len(), 300, "a killed fill has removed songs");
    }
}

#[test]
fn while_signing_in() {
    let fake = Fake::start(Dialect::Green, &[], many(3, None));
    let usual = {
        let melody = Melody::on(&fake.address());
        length_of(&melody, &["login", "--phone", "9876543210", "--country", "+91", "--otp", "123456"])
    };
    let mut rng = moments();
    let melody = Melody::on(&fake.address());
    for _ in 0..12 {
        let args = ["login", "--phone", "9876543210", "--country", "+91", "--otp", "123456"];
        killed(&mut melody.command(&args), a_moment(&mut rng, usual));
        // Signed in or not: never anything else.
        let ended = melody.run(&["whoami"]);
        assert!(matches!(ended.exit, Some(0 | 3)), "{ended:?}");
    }
    melody.login();
    opens(&melody);
}

#[test]
fn while_downloading_and_playing() {
    let sound = media::wav(8.0);
    let fake = Fake::start(Dialect::Green, &[], many(12, Some(&sound)));
    let melody = Melody::on(&fake.address());
    melody.login();
    let ids = all_ids(&melody);
    let usual = length_of(&melody, &["download", &ids[0]]);
    let mut rng = moments();
    for id in &ids[1..] {
        killed(&mut melody.command(&["download", id]), a_moment(&mut rng, usual));
        killed(&mut melody.command(&["play", id, "--to", "null"]), a_moment(&mut rng, usual));
        opens(&melody);
    }
    for id in &ids {
        let downloaded = melody.json(&["download", id]);
        let row = &downloaded["downloads"][0];
        assert_eq!(row["state"], "done", "{downloaded}");
        assert_eq!(row["bytes"], sound.len(), "half a file counts as a whole one: {downloaded}");
    }
    // From the disk, with nobody at the other end.
    drop(fake);
    let file = melody.home().join("all.wav");
    let played = melody.play(&ids, &file);
    for row in played["played"].as_array().unwrap() {
        assert!(row["error"].is_null(), "{row}");
    }
    let (heard, ..) = media::wav_floats(&file);
    assert_eq!(heard.len(), ids.len() * 8 * 48_000 * 2);
}
