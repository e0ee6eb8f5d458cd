//! What goes wrong: each with a sentence, its code, its exit, and nothing lost.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Instant,
};

use melody_e2e::{
    confine::Confined,
    fake::{Dialect, Fake, Outage, Quirk, Song},
    media,
    melody::{Melody, OTP, PHONE, failure, text},
    process::wait_for,
    service::Service,
};
use serde_json::Value;

const LOGIN: &[&str] = &["login", "--phone", PHONE, "--country", "+91", "--otp", OTP];

/// A service with three songs; the last one has no sound.
fn fake() -> Fake {
    fake_with(Dialect::Green, &[])
}

fn fake_with(dialect: Dialect, quirks: &[Quirk]) -> Fake {
    let songs = vec![
        Song::new("दिल की बात", "wav", Some(media::wav(1.0))),
        Song::new("Monsoon Letters", "wav", Some(media::wav(1.0))),
        Song::new("Sannata", "wav", None),
    ];
    Fake::start(dialect, quirks, songs)
}

/// Signed in, with the first song saved, and the ids of all.
fn settled(fake: &Fake) -> (Melody, Vec<String>) {
    let melody = Melody::on(&fake.address());
    melody.login();
    let trending = melody.json(&["trending"]);
    let ids: Vec<String> =
        trending["songs"].as_array().unwrap().iter().map(|song| text(&song["id"])).collect();
    let added = melody.json(&["library", "add", &ids[0]]);
    assert_eq!(added["entries"][0]["pending"], false, "{added}");
    (melody, ids)
}

/// Nothing is lost: the saved song is there, and who is signed in.
fn intact(melody: &Melody) {
    assert_eq!(melody.saved_titles(), ["दिल की बात"]);
    assert_eq!(melody.json(&["whoami"])["user"]["phone_masked"], "+91 ••••••3210");
}

fn outage(status: u16, content_type: &'static str, body: &str) -> Outage {
    Outage { status, content_type, body: body.to_owned(), retry_after: None, on: "" }
}

#[test]
fn an_address_that_is_none() {
    for address in ["not an address", "ftp://music.example", "https://", "http://127.0.0.1:99999"] {
        let told = Melody::on(address).fails(LOGIN, 2, "USAGE");
        assert!(!told.retryable, "{told:?}");
    }
}

#[test]
fn plain_http_to_a_public_host_is_refused_before_anything_is_sent() {
    let melody = Melody::on("http://music.example");
    let told = melody.fails(LOGIN, 2, "INSECURE_ADDRESS");
    assert!(told.message.contains("music.example"), "names no host: {}", told.message);
    // Allowed by name, it is asked; that nobody is there is another matter.
    let ended = melody.run(&[&["--allow-http", "music.example"], LOGIN].concat());
    failure(LOGIN, &ended, 4, "UNREACHABLE");
}

#[test]
fn nobody_at_the_address() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let told = Melody::on(&address).fails(LOGIN, 4, "UNREACHABLE");
    assert!(told.retryable && told.message.contains("127.0.0.1"), "{told:?}");
}

#[test]
fn the_network_goes_away_under_a_listener() {
    let mut service = Service::start(&[]);
    let melody = Melody::on(service.address());
    melody.login();
    let ids = melody.ids("दिल", 2);
    melody.json(&["library", "add", &ids[0]]);
    let downloaded = melody.json(&["download", &ids[0]]);
    assert_eq!(downloaded["downloads"][0]["state"], "done", "{downloaded}");
    let before = melody.saved_titles();
    service.end();

    melody.fails(&["trending"], 4, "UNREACHABLE");
    // What is on this machine still works, and a change waits.
    assert_eq!(melody.saved_titles(), before);
    assert_eq!(melody.json(&["search", "दिल", "--offline"])["from"], "local");
    let file = melody.home().join("offline.wav");
    let played = melody.json(&["play", &ids[0], "--for", "1", "--to", file.to_str().unwrap()]);
    assert!(played["played"][0]["error"].is_null(), "{played}");
    let removed = melody.json(&["library", "remove", &ids[0]]);
    assert!(removed["entries"].is_array(), "{removed}");
    let status = melody.json(&["library", "status"]);
    assert_eq!(status["pending"], 1, "the change is not kept: {status}");
}

#[test]
fn a_web_page_where_the_service_should_be() {
    let fake = fake();
    fake.world().outage = Some(outage(200, "text/html", "<!doctype html>\n<title>Hotel Wi-Fi</title>"));
    let melody = Melody::on(&fake.address());
    let told = melody.fails(LOGIN, 4, "NOT_THE_SERVICE");
    assert!(told.message.contains(&fake.address()), "the address is not named: {}", told.message);
    assert!(told.message.contains("<!doctype html>"), "what answered is not shown: {}", told.message);
}

#[test]
fn a_gateway_in_front_of_a_settled_listener() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    for (outage, codes) in [
        (outage(404, "text/plain", "404 page not found"), &["NOT_THE_SERVICE", "UNREACHABLE"][..]),
        (outage(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"), &["UNREACHABLE"]),
        (outage(502, "text/html", ""), &["UNREACHABLE"]),
        (outage(503, "text/plain", "no server is available"), &["UNREACHABLE", "MAINTENANCE"]),
        (outage(200, "text/html", "<html>Sign in to the Wi-Fi</html>"), &["NOT_THE_SERVICE"]),
    ] {
        let status = outage.status;
        fake.world().outage = Some(outage);
        for command in [&["trending"][..], &["song", "3f2b8c1e-0000-4000-8000-0000000000aa"]] {
            let ended = melody.run(command);
            let told: Value = serde_json::from_str(&ended.stderr).unwrap_or_default();
            let code = told["error"]["code"].as_str().unwrap_or_default().to_owned();
            assert!(codes.contains(&code.as_str()), "{status}, {command:?}: {ended:?}");
            failure(command, &ended, 4, &code);
        }
        // A gateway's 404 is never "gone already", nor "will never pass".
        let removed = melody.json(&["library", "remove", &ids[0]]);
        assert!(removed["entries"].is_array(), "{removed}");
        let waiting = melody.json(&["library", "status"]);
        assert_eq!(waiting["pending"], 1, "{status}: {waiting}");
        assert_eq!(waiting["parked"], serde_json::json!([]), "{status}: {waiting}");
        let again = melody.json(&["library", "add", &ids[0]]);
        assert_eq!(again["entries"].as_array().unwrap().len(), 1, "{again}");
        fake.world().outage = None;
        melody.json(&["library", "sync"]);
        intact(&melody);
        assert_eq!(melody.json(&["library", "status"])["pending"], 0);
        assert_eq!(fake.world().library.len(), 1, "{status}");
    }
}

#[test]
fn maintenance_is_told_and_waited_out() {
    for dialect in [Dialect::Green, Dialect::Blue] {
        let fake = fake_with(dialect, &[]);
        let (melody, ids) = settled(&fake);
        let body = match dialect {
            Dialect::Green => r#"{"detail":"Service under maintenance"}"#,
            Dialect::Blue => {
                r#"{"success":false,"message":"Maintenance","error":{"code":"SERVICE_UNAVAILABLE","details":{}}}"#
            }
        };
        let down = Outage { retry_after: Some("30"), ..outage(503, "application/json", body) };
        fake.world().outage = Some(down);
        let told = melody.fails(&["trending"], 4, "MAINTENANCE");
        assert!(told.retryable, "{told:?}");
        let added = melody.json(&["library", "add", &ids[1]]);
        assert_eq!(added["entries"][0]["pending"], true, "{added}");
        fake.world().outage = None;
        melody.json(&["library", "sync"]);
        assert_eq!(melody.saved_titles(), ["Monsoon Letters", "दिल की बात"]);
        assert_eq!(fake.world().library.len(), 2);
    }
}

#[test]
fn numbers_that_cannot_be_rung() {
    let fake = fake();
    let melody = Melody::on(&fake.address());
    for number in ["12", "98765", "phone", "98765432109876543210"] {
        let told = melody.fails(
            &["login", "--phone", number, "--country", "+91", "--otp", OTP],
            2,
            "VALIDATION_ERROR",
        );
        assert!(!told.message.contains("98765432109876543210"), "{told:?}");
    }
    assert_eq!(fake.world().count("POST", "/auth/request-otp"), 0, "a bad number was sent");
    // One that only the service knows to be dead.
    for dialect in [Dialect::Green, Dialect::Blue] {
        let fake = fake_with(dialect, &[]);
        let args = ["login", "--phone", "9999999999", "--country", "+91", "--otp", OTP];
        Melody::on(&fake.address()).fails(&args, 5, "VALIDATION_ERROR");
    }
}

#[test]
fn a_wrong_code_and_then_the_right_one() {
    for dialect in ["green", "blue"] {
        let service = Service::start(&["--dialect", dialect]);
        let melody = Melody::on(service.address());
        let wrong = ["login", "--phone", PHONE, "--country", "+91", "--otp", "000000"];
        melody.fails(&wrong, 5, "INVALID_OTP");
        melody.fails(&["whoami"], 3, "AUTH_REQUIRED");
        melody.login();
    }
}

/// Signs in by typing the code that the service sent, after `before`.
fn asked(melody: &Melody, service: &Service, before: impl FnOnce()) -> Output {
    let mut command = melody.command(&["login", "--phone", PHONE, "--country", "+91"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asking = command.spawn().unwrap();
    let otp = service.next_otp();
    before();
    writeln!(asking.stdin.take().unwrap(), "{otp}").unwrap();
    asking.wait_with_output().unwrap()
}

#[test]
fn the_code_is_asked_for_on_stdin() {
    let service = Service::plain(&["--limits", "off"]);
    let melody = Melody::on(service.address());
    let args = ["login", "--phone", PHONE, "--country", "+91"];
    let output = asked(&melody, &service, || {});
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["user"]["phone_masked"], "+91 ••••••3210");
    // Nothing typed at all is no crash.
    let ended = melody.typed(&args, "");
    assert!(matches!(ended.exit, Some(2 | 5)), "{ended:?}");
}

#[test]
fn an_expired_code() {
    let refusals = [
        (Dialect::Green, (400, "INVALID_OTP", "OTP expired")),
        (Dialect::Blue, (400, "INVALID_OTP", "OTP expired")),
    ];
    for (dialect, refusal) in refusals {
        let fake = fake_with(dialect, &[]);
        fake.world().refuse_otp = Some(refusal);
        let melody = Melody::on(&fake.address());
        melody.fails(LOGIN, 5, "OTP_EXPIRED");
        fake.world().refuse_otp = None;
        melody.login();
    }
}

#[test]
fn too_many_codes_for_one_number() {
    for dialect in ["green", "blue"] {
        let service = Service::start(&["--dialect", dialect, "--limits", "on"]);
        let melody = Melody::on(service.address());
        for _ in 0..3 {
            melody.login();
        }
        let told = melody.fails(LOGIN, 5, "RATE_LIMIT_EXCEEDED");
        assert!(told.retryable, "{told:?}");
        assert_eq!(
            melody.json(&["whoami"])["user"]["phone_masked"],
            "+91 ••••••3210",
            "signed out by a refusal"
        );
    }
}

#[test]
fn a_limit_in_the_middle_of_things_loses_nothing() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    let body = r#"{"detail":"Rate limit exceeded"}"#;
    let limit =
        Outage { retry_after: Some("3600"), on: "/library/songs", ..outage(429, "application/json", body) };
    fake.world().outage = Some(limit);
    let added = melody.json(&["library", "add", &ids[1]]);
    assert_eq!(added["entries"][0]["pending"], true, "{added}");
    let status = melody.json(&["library", "status"]);
    assert_eq!((&status["pending"], &status["parked"]), (&1.into(), &serde_json::json!([])), "{status}");
    fake.world().outage = None;
    let other = Melody::new().profile_at(melody.profile());
    other.json(&["library", "sync"]);
    assert_eq!(melody.saved_titles(), ["Monsoon Letters", "दिल की बात"]);
}

#[test]
fn a_song_without_sound_is_reported_and_the_next_one_plays() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    let silent = &ids[2];
    let file = melody.home().join("x.wav");
    let file = file.to_str().unwrap();
    let ended = melody.run(&["play", silent, "--to", file]);
    assert_eq!(ended.exit, Some(7), "{ended:?}");
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("NO_AUDIO"), "{ended:?}");
    let played = melody.json(&["play", silent, &ids[0], "--to", file]);
    assert_eq!(played["played"][0]["error"]["code"], "NO_AUDIO", "{played}");
    assert!(played["played"][1]["error"].is_null(), "{played}");
    let downloaded = melody.run(&["download", silent]);
    assert!(
        downloaded.stdout.contains("NO_AUDIO") || downloaded.stderr.contains("NO_AUDIO"),
        "{downloaded:?}"
    );
    intact(&melody);
}

#[test]
fn broken_files_are_reported_and_the_next_one_plays() {
    let wav = media::wav(2.0);
    let mp3 = media::encoded(&wav, "mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]);
    let flac = media::encoded(&wav, "flac", &[]);
    let m4a = media::encoded(&wav, "m4a", &["-c:a", "aac"]);
    let noise: Vec<u8> = (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let songs = vec![
        Song::new("noise as mp3", "mp3", Some(noise.clone())),
        Song::new("nothing", "mp3", Some(Vec::new())),
        Song::new("text", "flac", Some(b"<html>not found</html>".to_vec())),
        Song::new("a head alone", "m4a", Some(m4a[..200].to_vec())),
        Song::new("noise in flac", "flac", Some([&flac[..60], &noise[..]].concat())),
        Song::new("midi", "mid", Some(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0".to_vec())),
        Song::new("good", "mp3", Some(mp3.clone())),
    ];
    let fake = Fake::start(Dialect::Green, &[], songs);
    let melody = Melody::on(&fake.address());
    let ids: Vec<String> = melody.json(&["trending"])["songs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|song| text(&song["id"]))
        .collect();
    let file = melody.home().join("x.wav");
    let words: Vec<&str> = ["play"]
        .into_iter()
        .chain(ids.iter().map(String::as_str))
        .chain(["--to", file.to_str().unwrap()])
        .collect();
    let played = melody.json(&words);
    let rows = played["played"].as_array().unwrap();
    assert_eq!(rows.len(), ids.len(), "{played}");
    for (row, id) in rows.iter().zip(&ids) {
        assert_eq!(row["song_id"], id.as_str(), "out of order: {played}");
    }
    for row in &rows[..6] {
        let code = row["error"]["code"].as_str().unwrap_or("none");
        assert!(matches!(code, "BAD_AUDIO" | "UNSUPPORTED_FORMAT"), "{row}");
        assert!(row["error"]["message"].as_str().unwrap().contains(' '), "{row}");
    }
    assert!(rows[6]["error"].is_null(), "{played}");
    let (heard, ..) = media::wav_floats(&file);
    assert!(heard.iter().any(|sample| sample.abs() > 0.1), "the good one was not heard");
    // Alone, a broken one is the exit of sound.
    assert_eq!(melody.run(&["play", &ids[0], "--to", file.to_str().unwrap()]).exit, Some(7));
}

#[test]
fn a_truncated_file_is_heard_as_far_as_it_goes() {
    let mp3 = media::encoded(&media::wav(4.0), "mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]);
    let half = mp3[..mp3.len() / 2].to_vec();
    let fake = Fake::start(Dialect::Green, &[], vec![Song::new("half", "mp3", Some(half))]);
    let melody = Melody::on(&fake.address());
    let id = melody.ids("half", 1).remove(0);
    let file = melody.home().join("half.wav");
    melody.run(&["play", &id, "--to", file.to_str().unwrap()]);
    let (heard, ..) = media::wav_floats(&file);
    let seconds = heard.len() as f64 / 2.0 / 48_000.0;
    assert!((1.5..2.5).contains(&seconds), "{seconds} s heard");
}

#[test]
fn a_full_disk_is_told_and_what_was_saved_stays() {
    let fake = fake();
    let home = Melody::new();
    let disk = home.home().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(confined) = Confined::small_disk(&disk, 6_000) else {
        eprintln!("NOT RUN: this machine lets nobody mount a small disk");
        return;
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
        eprintln!("NOT RUN: this machine lets nobody mount a small disk");
        return;
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
    let confined = Confined::read_only(melody.profile());
    let held = match &confined {
        Some(confined) => melody.clone().inside(&confined.before()),
        None if fs::metadata(melody.profile()).unwrap().uid() != 0 => {
            chmod(melody.profile(), "a-w");
            melody.clone()
        }
        None => {
            eprintln!("NOT RUN: nothing is read-only for root here");
            return;
        }
    };
    held.fails(&["library", "add", &ids[1]], 6, "STORAGE_READ_ONLY");
    assert_eq!(held.saved_titles(), ["दिल की बात"]);
    if confined.is_none() {
        chmod(melody.profile(), "u+w");
    }
    intact(&melody);
}

fn chmod(path: &Path, how: &str) {
    assert!(Command::new("chmod").args(["-R", how]).arg(path).status().unwrap().success());
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

#[test]
fn two_processes_refresh_one_token_once() {
    for quirks in [&[][..], &[Quirk::NoRotation]] {
        let fake = fake_with(Dialect::Green, quirks);
        let (melody, _) = settled(&fake);
        fake.world().access = "no longer what anybody holds".to_owned();
        let before = fake.world().refreshes;
        let running: Vec<_> = (0..4)
            .map(|_| {
                let melody = melody.clone();
                thread::spawn(move || melody.run(&["library", "sync"]))
            })
            .collect();
        for one in running {
            let ended = one.join().unwrap();
            assert_eq!(ended.exit, Some(0), "{ended:?}");
        }
        assert_eq!(fake.world().refreshes - before, 1, "one token was refreshed more than once");
        let sync = melody.json(&["library", "sync"]);
        assert_eq!(sync["state"], "idle", "{sync}");
        intact(&melody);
    }
}

#[test]
fn a_voided_sign_in_keeps_the_library_and_what_waits() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    fake.world().access = "void".to_owned();
    fake.world().refresh = "void too".to_owned();
    let added = melody.json(&["library", "add", &ids[1]]);
    assert_eq!(added["entries"][0]["pending"], true, "{added}");
    let status = melody.json(&["library", "status"]);
    assert_eq!((&status["state"], &status["pending"]), (&"sign_in_needed".into(), &1.into()), "{status}");
    melody.login();
    melody.json(&["library", "sync"]);
    assert_eq!(fake.world().library.len(), 2, "what waited was dropped by the new sign-in");
}

#[test]
fn wrong_commands_are_usage() {
    let melody = Melody::new();
    for args in [&["dance"][..], &["search"], &["play", "x", "--to", "song.mp3"], &["library", "add"]] {
        let told = melody.fails(args, 2, "USAGE");
        assert!(!told.retryable, "{told:?}");
    }
    melody.fails(&["library", "list"], 3, "AUTH_REQUIRED");
}

#[test]
fn no_secret_is_left_in_any_file() {
    // Digits that stand nowhere by chance.
    let otp = "907153";
    let service = Service::start(&["--otp", otp]);
    let melody = Melody::on(service.address());
    melody.json(&["-v", "login", "--phone", PHONE, "--country", "+91", "--otp", otp]);
    let secrets: Value =
        serde_json::from_slice(&fs::read(melody.profile().join("secrets.json")).unwrap()).unwrap();
    let mode = fs::metadata(melody.profile().join("secrets.json")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600, "secrets.json can be read by others");
    let mut tokens = Vec::new();
    strings(&secrets, &mut tokens);
    tokens.retain(|text| text.len() > 30 && !text.contains("://"));
    assert!(!tokens.is_empty(), "no token in secrets.json");
    let id = melody.ids("दिल", 1).remove(0);
    melody.json(&["-v", "library", "add", &id]);
    let mut files = 0;
    each_file(melody.profile(), &mut |path, bytes| {
        if path.ends_with("secrets.json") {
            return;
        }
        files += 1;
        for secret in tokens.iter().map(String::as_str).chain([PHONE, otp]) {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "a secret stands in {}", path.display());
        }
    });
    assert!(files > 0);
}

fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| strings(item, into)),
        _ => {}
    }
}

fn each_file(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() { each_file(&path, look) } else { look(&path, &fs::read(&path).unwrap()) }
    }
}

#[test]
fn an_old_code_is_refused_by_the_real_service() {
    let service = Service::plain(&["--limits", "off", "--otp-ttl", "1"]);
    let melody = Melody::on(service.address());
    let output = asked(&melody, &service, || {
        let sent = Instant::now();
        wait_for("the code to expire", || sent.elapsed().as_millis() > 1_100);
    });
    assert_eq!(output.status.code(), Some(5));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("OTP_EXPIRED"), "{told}");
}
