//! `kill -9` at any moment: the profile opens, and nothing that was confirmed is lost.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use melody_e2e::{
    fake::{Dialect, Fake, Song},
    media,
    melody::{Melody, text},
    process::wait_for,
    service::Service,
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
    kill(command, after).printed
}

/// What became of a command that was to be killed.
struct Killed {
    printed: String,
    /// Not when it was quicker.
    by_us: bool,
}

fn kill(command: &mut Command, after: Duration) -> Killed {
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
    let by_us = child.wait().unwrap().code().is_none();
    Killed { printed: printed.or_else(|_| all.recv()).unwrap(), by_us }
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

/// What a process has open below a folder, named or not.
fn open_below(folder: &Path, process: u32) -> usize {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return 0 };
    open.flatten()
        .filter(|file| fs::read_link(file.path()).is_ok_and(|file| file.starts_with(folder)))
        .count()
}

#[test]
fn while_streaming_leaves_nothing_behind() {
    let fake = Fake::start(Dialect::Green, &[], many(1, Some(&media::wav(60.0))));
    let melody = Melody::on(&fake.address());
    let temporary = melody.home().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let melody = melody.env("TMPDIR", &temporary);
    let id = all_ids(&melody).remove(0);
    let mut playing = melody.beside(&["play", &id, "--to", "null"]);
    wait_for("the song to come", || open_below(&temporary, playing.id()) > 0);
    playing.kill();
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

/// How many times the program is killed; `MELODY_KILLS` says otherwise, for a soak.
fn kills() -> usize {
    std::env::var("MELODY_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// What the listener knows for certain, because the program said so: of each song whether it is saved, and whether it is
/// downloaded. What was under way at a kill is open.
#[derive(Default)]
struct Certain {
    saved: BTreeMap<String, bool>,
    downloaded: BTreeMap<String, bool>,
}

/// One thing that a listener does to a song.
#[derive(Clone, Copy)]
enum Act {
    Add,
    Remove,
    Download,
    RemoveDownload,
    Play,
    Sync,
}

impl Act {
    const ALL: [Self; 6] =
        [Self::Add, Self::Remove, Self::Download, Self::RemoveDownload, Self::Play, Self::Sync];

    fn words(self, id: &str) -> Vec<&str> {
        match self {
            Self::Add => vec!["library", "add", id],
            Self::Remove => vec!["library", "remove", id],
            Self::Download => vec!["download", id],
            Self::RemoveDownload => vec!["downloads", "remove", id],
            Self::Play => vec!["play", id, "--to", "null", "--for", "0.2"],
            Self::Sync => vec!["library", "sync"],
        }
    }
}

impl Certain {
    /// Takes note of how an act ended that may have been killed.
    fn note(&mut self, act: Act, id: &str, printed: &str) {
        let told = serde_json::from_str::<Value>(printed).ok();
        let (of, becomes) = match act {
            Act::Add => (&mut self.saved, true),
            Act::Remove => (&mut self.saved, false),
            Act::Download => (&mut self.downloaded, true),
            Act::RemoveDownload => (&mut self.downloaded, false),
            Act::Play | Act::Sync => return,
        };
        let certain = match (act, &told) {
            (Act::Download, Some(told)) => told["downloads"][0]["state"] == "done",
            (_, told) => told.is_some(),
        };
        if certain {
            of.insert(id.to_owned(), becomes);
        } else {
            of.remove(id);
        }
        if matches!(act, Act::Download) {
            // It goes on with what was interrupted: that may have come meanwhile, whatever was known of it.
            self.downloaded.retain(|_, there| *there);
        }
    }

    /// Everything that is certain is so; what counts as downloaded is there, to the byte.
    fn holds(&self, melody: &Melody) {
        let list = melody.json(&["library", "list", "--limit", "100"]);
        let entries = list["entries"].as_array().unwrap();
        let saved: BTreeSet<String> = entries.iter().map(|entry| text(&entry["song"]["id"])).collect();
        for (id, is) in &self.saved {
            assert_eq!(saved.contains(id), *is, "{id} is not as it was confirmed");
        }
        let mut whole = BTreeSet::new();
        for path in melody.databases() {
            let connection = rusqlite::Connection::open(&path).unwrap();
            let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok", "{}", path.display());
            for (file, bytes, song) in files(&connection) {
                let file = path.parent().unwrap().join(file);
                let length = file.metadata().map(|about| about.len());
                assert_eq!(length.ok(), Some(bytes), "{} counts and is not whole", file.display());
                whole.insert(song);
            }
        }
        for (id, is) in &self.downloaded {
            assert!(!*is || whole.contains(id), "{id} was downloaded and is gone");
        }
    }
}

/// The files that count as whole: where, how long, of which song.
fn files(connection: &rusqlite::Connection) -> Vec<(String, u64, String)> {
    let mut query = connection
        .prepare(
            "SELECT d.path, d.bytes, lower(hex(s.id)) FROM download d JOIN song s ON s.n = d.song
             WHERE d.state = 'done' AND d.pinned",
        )
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))).unwrap();
    let dashed = |hex: String| {
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    };
    rows.map(Result::unwrap).map(|(path, bytes, hex)| (path, bytes, dashed(hex))).collect()
}

/// Syncs after the last kill within which everything must be settled: for what was cut off, for what had to settle first,
/// for what waited behind that.
const SYNCS: usize = 5;

/// Waits until the moment that a status names: before that another sync has nothing to do.
fn wait_until(moment: &Value) {
    let Some(moment) = moment.as_str() else { return };
    let moment: jiff::Timestamp = moment.parse().unwrap();
    thread::sleep(Duration::try_from(moment.duration_since(jiff::Timestamp::now())).unwrap_or_default());
}

/// The parts of songs that are left below a folder.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| if path.is_dir() { parts(&path) } else { vec![path] });
    below.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
}

#[test]
fn at_two_hundred_random_moments_against_the_real_server() {
    let service = Service::start(&[]);
    let melody = Melody::on(service.address());
    melody.login();
    let ids: Vec<String> = melody.all_ids().into_iter().take(5).collect();
    // Undisturbed once: the service makes its sound when it is first asked, and moments are drawn from what it takes.
    for id in &ids {
        melody.json(&["download", id]);
        melody.json(&["downloads", "remove", id]);
    }
    let usual = Act::ALL.map(|act| length_of(&melody, &act.words(&ids[0])));
    let mut rng = moments();
    let (begun, mut done) = (Instant::now(), 0);
    let mut certain = Certain::default();
    while done < kills() {
        let which = rng.random_range(0..Act::ALL.len());
        let (act, id) = (Act::ALL[which], &ids[rng.random_range(0..ids.len())]);
        let ended =
            kill(&mut melody.command(&act.words(id)), usual[which].mul_f64(rng.random_range(0.0..1.0)));
        done += usize::from(ended.by_us);
        certain.note(act, id, &ended.printed);
        certain.holds(&melody);
    }
    println!("{done} kills in {:?}", begun.elapsed());

    // Nothing is lost: what waits goes out, and both sides have the same.
    let mut status = melody.json(&["library", "sync"]);
    for _ in 0..SYNCS {
        assert_eq!(status["parked"], serde_json::json!([]), "{status}");
        if status["pending"] == 0 {
            break;
        }
        wait_until(&status["until"]);
        status = melody.json(&["library", "sync"]);
    }
    assert_eq!(status["pending"], 0, "it still waits: {status}");
    certain.holds(&melody);
    assert_eq!(melody.json(&["library", "verify"])["differences"], serde_json::json!([]));
    // What was asked for and did not come comes now, and every file can be heard.
    for id in &ids {
        assert_eq!(melody.json(&["download", id])["downloads"][0]["state"], "done");
    }
    assert_eq!(melody.json(&["downloads", "verify"])["damaged"], serde_json::json!([]));
    let left = parts(melody.profile());
    assert_eq!(left, Vec::<PathBuf>::new(), "parts of songs are left that nobody goes on with");
}
