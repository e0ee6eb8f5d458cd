//! What goes wrong between this machine and the service: each with a sentence, its code, its exit, and nothing lost.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Output, Stdio},
    thread,
    time::Instant,
};

use melody_e2e::{
    fake::{Dialect, Fake, Outage, Quirk, Song},
    melody::{Melody, OTP, PHONE, failure, text},
    process::wait_for,
    service::Service,
    settled::{fake, fake_with, intact, settled},
};
use serde_json::Value;

const LOGIN: &[&str] = &["login", "--phone", PHONE, "--country", "+91", "--otp", OTP];

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
fn a_song_that_is_too_long_to_be_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/radio.wav", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut asked in listener.incoming().map(Result::unwrap) {
            let _ = asked.read(&mut [0; 4096]);
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nRIFF", 3_u64 << 30);
            let _ = asked.write_all(answer.as_bytes());
        }
    });
    let mut song = Song::new("Radio", "wav", None);
    song.elsewhere = Some(address);
    let fake = Fake::start(Dialect::Green, &[], vec![song]);
    let melody = Melody::on(&fake.address());
    let id = melody.ids("Radio", 1).remove(0);
    for args in [&["play", &id, "--to", "null"][..], &["download", &id]] {
        let ended = melody.run(args);
        assert_eq!(ended.exit, Some(7), "{ended:?}");
        let told: Value = serde_json::from_str(&ended.stderr).unwrap();
        assert_eq!(told["error"]["code"], "BAD_AUDIO", "{ended:?}");
        assert!(told["error"]["message"].as_str().unwrap().contains("1024 MB"), "{ended:?}");
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
    // A sync that has to wait says until when, and its exit says why.
    let ended = melody.run(&["library", "sync"]);
    failure(&["library", "sync"], &ended, 5, "RATE_LIMIT_EXCEEDED");
    let stands: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&stands["state"], &stands["pending"]), (&"waiting".into(), &1.into()), "{stands}");
    let until: jiff::Timestamp = text(&stands["until"]).parse().unwrap();
    let minutes = until.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((55..=60).contains(&minutes), "{stands}");
    fake.world().outage = None;
    let other = Melody::new().profile_at(melody.profile());
    other.json(&["library", "sync"]);
    assert_eq!(melody.saved_titles(), ["Monsoon Letters", "दिल की बात"]);
}

#[test]
fn several_processes_refresh_one_token_once() {
    for quirks in [&[][..], &[Quirk::NoRotation]] {
        let fake = fake_with(Dialect::Green, &[&[Quirk::SlowRefresh, Quirk::GuardedSound], quirks].concat());
        let (melody, ids) = settled(&fake);
        fake.world().access = "no longer what anybody holds".to_owned();
        let before = fake.world().refreshes;
        // The sound of the service's own origin wants a token, and nothing but the refresh is locked on the way to it.
        let running: Vec<_> = (0..4)
            .map(|n| {
                let (melody, id) = (melody.clone(), ids[0].clone());
                let file = melody.home().join(format!("{n}.wav"));
                thread::spawn(move || melody.run(&["play", &id, "--to", file.to_str().unwrap()]))
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

#[test]
fn secrets_that_others_could_read_are_taken_from_them() {
    let fake = fake();
    // Whatever this machine would give a new file.
    let lax = ["sh", "-c", "umask 0; exec \"$@\"", "sh"].map(OsString::from);
    let melody = Melody::on(&fake.address()).inside(&lax);
    melody.login();
    let file = melody.profile().join("secrets.json");
    let mode = || fs::metadata(&file).unwrap().mode() & 0o777;
    assert_eq!(mode(), 0o600, "written wider");
    for wide in [0o644, 0o660, 0o604, 0o777] {
        fs::set_permissions(&file, fs::Permissions::from_mode(wide)).unwrap();
        melody.json(&["whoami"]);
        assert_eq!(mode(), 0o600, "left at {wide:o}");
        let sync = melody.json(&["library", "sync"]);
        assert_eq!(sync["state"], "idle", "the sign-in is lost: {sync}");
        // A refresh writes it anew.
        fake.world().access = "no longer what anybody holds".to_owned();
        fs::set_permissions(&file, fs::Permissions::from_mode(wide)).unwrap();
        melody.json(&["library", "sync"]);
        assert_eq!(mode(), 0o600, "a refresh left it at {wide:o}");
    }
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
