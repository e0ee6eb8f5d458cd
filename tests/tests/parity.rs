//! Two real backends compared by the real program: nothing where nothing differs, everything where something does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where a bench or an answer is not as it must be"
)]

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{PoisonError, RwLock},
};

use melody_e2e::{
    melody::{Melody, OTP, PHONE, failure},
    process::wait_for,
    service::Service,
};
use serde_json::Value;

const BLUE: &[&str] = &["--dialect", "blue"];
const GREEN: &[&str] = &["--dialect", "green"];
const AS_PLANNED: &[&str] = &["--dialect", "green", "--as-planned"];

fn words<'a>(blue: &'a str, green: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["parity", "--blue", blue, "--green", green][..], more].concat()
}

/// A load is no company for whoever measures: it is made alone.
static LOAD: RwLock<()> = RwLock::new(());

/// The report of a comparison with the usual account, and the exit.
#[track_caller]
fn compared(blue: &str, green: &str, more: &[&str]) -> (i32, Value) {
    let _measures = LOAD.read().unwrap_or_else(PoisonError::into_inner);
    let account = ["--phone", PHONE, "--otp", OTP];
    let words = words(blue, green, &[&account, more].concat());
    let ended = Melody::new().run(&words);
    let report = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended.exit.unwrap(), report)
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().unwrap()
}

fn short(report: &Value) -> Vec<String> {
    findings(report)
        .iter()
        .map(|f| format!("{} {} {} {} {}", f["severity"], f["kind"], f["case"], f["path"], f["why"]))
        .collect()
}

#[test]
fn nothing_is_found_where_nothing_differs() {
    for (blue, green, crossed) in [(BLUE, GREEN, true), (BLUE, BLUE, false), (GREEN, GREEN, false)] {
        let (a, b) = (Service::start(blue), Service::start(green));
        // The second time both know the account, and have known it for different lengths of time.
        for _ in 0..2 {
            let (exit, report) = compared(a.address(), b.address(), &["--rounds", "3"]);
            assert_eq!((exit, short(&report)), (0, vec![]), "{blue:?} {green:?}");
            let summary = &report["summary"];
            assert!(summary["cases"].as_u64().unwrap() > 200, "{summary}");
            // What waits for something to run out.
            assert_eq!(summary["skipped"], 2, "{}", report["skipped"]);
            assert_eq!(summary["expected"].as_u64().unwrap() > 1000, crossed, "{summary}");
            assert_eq!(report["latency"].as_array().unwrap().len(), 6);
        }
    }
}

#[test]
fn two_addresses_of_one_database_are_compared_too() {
    let service = Service::start(GREEN);
    let (blue, green) =
        (format!("{}/blue", service.address()), format!("{}/green/api/v1", service.address()));
    let (exit, report) = compared(&blue, &green, &["--rounds", "1"]);
    assert_eq!((exit, short(&report)), (0, vec![]));
    assert_eq!(report["backends"]["blue"]["dialect"], "blue");
}

#[test]
fn each_fault_of_the_plan_is_found() {
    let (blue, green) = (Service::start(BLUE), Service::start(AS_PLANNED));
    // The migration forgot the library.
    let listener = Melody::on(blue.address());
    listener.login();
    let songs = listener.all_ids();
    let add: Vec<&str> =
        ["library", "add"].into_iter().chain(songs.iter().take(3).map(String::as_str)).collect();
    listener.json(&add);

    let (exit, report) = compared(blue.address(), green.address(), &["--rounds", "1"]);
    assert_eq!(exit, 1);
    let has = |case: &str, path: &str, kind: &str, severity: &str, green: &str| {
        let found = findings(&report).iter().any(|f| {
            f["case"].as_str().unwrap().starts_with(case)
                && f["path"].as_str().unwrap() == path
                && f["kind"] == kind
                && f["severity"] == severity
                && f["green"].to_string().contains(green)
        });
        assert!(found, "{case} {path} {kind} {severity}: {:#?}", short(&report));
    };
    // Its own 400 leaves as a 500 that quotes it: the client reads the same.
    has("account/request-otp/number/number=123", "status", "status", "cosmetic", "500");
    has("music/track/edges", "status", "status", "cosmetic", "500");
    has("music/search/limit/limit=0", "status", "status", "degrading", "500");
    has("music/search/offset/offset=3", "/pagination/page", "value", "cosmetic", "1");
    has("account/same-digits-under-another-code", "status", "status", "breaking", "500");
    has("music/search/limit/limit=1000", "/pagination/limit", "value", "cosmetic", "1000");
    has("music/search/type/type=nonsense", "status", "status", "degrading", "200");
    has("data", "/songs/0", "lost", "breaking", "");
    let rows: Vec<&str> =
        report["expected"].as_array().unwrap().iter().map(|one| one["row"].as_str().unwrap()).collect();
    for row in [
        "field names, both ways",
        "ids",
        "envelope",
        "error",
        "timestamps",
        "user",
        "song",
        "JSON columns",
        "user paths",
    ] {
        assert!(rows.contains(&row), "{row} is not among {rows:?}");
    }
}

#[test]
fn what_is_written_is_undone() {
    let (blue, green) = (Service::start(BLUE), Service::start(GREEN));
    let listeners = [Melody::on(blue.address()), Melody::on(green.address())];
    for listener in &listeners {
        listener.login();
        let songs = listener.all_ids();
        // One of those that the suite itself adds, and one that it does not.
        for song in [&songs[0], &songs[songs.len() - 1]] {
            listener.json(&["library", "add", song]);
        }
    }
    let before = listeners.each_ref().map(Melody::saved_titles);
    assert_eq!(before[0].len(), 2);
    compared(blue.address(), green.address(), &["--rounds", "1"]);
    for (listener, before) in listeners.iter().zip(before) {
        listener.json(&["library", "sync"]);
        assert_eq!(listener.saved_titles(), before);
    }
}

#[test]
fn reports_hold_no_secret() {
    const CODE: &str = "493817";
    let (blue, green) = (
        Service::start(&["--dialect", "blue", "--otp", CODE]),
        Service::start(&["--as-planned", "--otp", CODE]),
    );
    let melody = Melody::new();
    let folder = melody.home().join("report");
    let shown = folder.to_str().unwrap();
    let more = ["--phone", PHONE, "--otp", CODE, "--report", shown, "--rounds", "2"];
    let ended = melody.run(&words(blue.address(), green.address(), &more));
    assert_eq!(ended.exit, Some(1), "{ended:?}");
    let mut all = vec![ended.stdout, ended.stderr];
    for name in ["report.json", "report.html", "junit.xml"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.len() > 1000, "{name}: {text}");
        all.push(text);
    }
    for text in &all {
        assert!(!text.contains(PHONE) && !text.contains(CODE), "{}", about(text, &[PHONE, CODE]));
        // The service's tokens are sixty-four hex digits.
        let token = text.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 64);
        assert_eq!(token, None);
    }
    let page = &all[3];
    assert!(
        page.contains("<svg") && page.contains("curl -X") && page.contains("<mark>"),
        "the page lacks a part"
    );
    assert!(
        !page.contains("src=") && !page.contains("href=") && !page.contains("@import"),
        "the page needs something else"
    );
    assert!(all[4].contains("<failure type=\"breaking\""), "{}", all[4]);
}

/// Where in a text a secret stands.
fn about(text: &str, secrets: &[&str]) -> String {
    let at = secrets.iter().find_map(|secret| text.find(secret)).unwrap_or(0);
    text.chars().skip(at.saturating_sub(200)).take(400).collect()
}

#[test]
fn without_an_account_the_rest_is_compared_and_what_was_left_out_is_told() {
    let (blue, green) = (Service::start(BLUE), Service::start(GREEN));
    let ended = Melody::new().run(&words(blue.address(), green.address(), &["--rounds", "1"]));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.exit, short(&report)), (Some(0), vec![]));
    assert_eq!(report["backends"]["signed_in"], false);
    let skipped = report["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|one| one["case"] == "library/list"), "{skipped:?}");
    assert!(report["summary"]["cases"].as_u64().unwrap() > 100);
}

#[test]
fn strangers_are_refused() {
    let melody = Melody::new();
    let words = ["parity", "--blue", "https://api.melodystudio.com", "--green", "http://127.0.0.1:9"];
    let told = melody.fails(&words, 2, "USAGE").message;
    assert!(told.contains("--allow-host api.melodystudio.com"), "{told}");
    let service = Service::start(BLUE);
    melody.fails(&["parity", "--blue", service.address(), "--green", "http://127.0.0.1:9"], 4, "UNREACHABLE");
    melody.fails(&["parity", "--blue", service.address()], 2, "USAGE");
    let wrong = [
        "parity",
        "--blue",
        "http://127.0.0.1:9",
        "--green",
        "http://127.0.0.1:9",
        "--suite",
        "/nowhere.toml",
    ];
    melody.fails(&wrong, 2, "USAGE");
}

#[test]
fn a_suite_a_baseline_and_rules_of_ones_own() {
    let (blue, green) = (Service::start(BLUE), Service::start(AS_PLANNED));
    let melody = Melody::new();
    let file = |name: &str, text: &str| {
        let path = melody.home().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let suite = |until: &str| {
        format!(
            "[[case]]\nid = 'mine/zero'\ntags = ['mine']\nsteps = [{{ call = 'GET /music/search', query = {{ q = 'a', limit = 0 }}, reads = 'songs' }}]\n\
             [[ignore]]\ncase = 'mine/*'\npath = 'status'\nreason = 'known to everybody'\nuntil = '{until}'\n"
        )
    };
    let run = |more: &[&str]| {
        let ended = melody.run(&words(
            blue.address(),
            green.address(),
            &[&["--only", "mine", "--rounds", "1"], more].concat(),
        ));
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
        (ended.exit.unwrap(), report)
    };
    // While the rule holds nothing is found, and what it hid is told; when it has run out, that is told.
    let held = file("held.toml", &suite("2999-01-01"));
    let (exit, report) = run(&["--suite", &held]);
    assert_eq!((exit, short(&report)), (0, vec![]));
    let hidden = report["hidden"].to_string();
    assert!(hidden.contains("known to everybody") && hidden.contains("mine/zero status"), "{hidden}");
    let past = file("past.toml", &suite("2020-01-01"));
    let (exit, report) = run(&["--suite", &past]);
    assert_eq!(exit, 1);
    assert!(report["findings"].to_string().contains("ran out on 2020-01-01"), "{}", report["findings"]);

    // What is known is not told again; what is below the bar does not fail.
    let baseline = file("baseline.json", &report.to_string());
    let (exit, report) = run(&["--suite", &past, "--baseline", &baseline]);
    assert_eq!((exit, short(&report), &report["summary"]["known"]), (0, vec![], &1.into()));
    assert_eq!(run(&["--suite", &past, "--fail-on", "breaking"]).0, 0);
    assert_eq!(run(&["--suite", &past, "--fail-on", "degrading"]).0, 1);

    let list = melody.json(&["parity", "--list", "--suite", &held, "--only", "mine"]);
    assert_eq!(list["cases"][0]["id"], "mine/zero");
    let all = melody.json(&["parity", "--list"]);
    assert!(all["cases"].as_array().unwrap().len() > 200);

    let broken = file("broken.toml", "[[case]]\nid = 'x'\n");
    let ended = melody.run(&words(blue.address(), green.address(), &["--suite", &broken]));
    assert!(failure(&[], &ended, 2, "USAGE").message.contains("broken.toml"), "{ended:?}");
    assert!(!Path::new("report").exists());
}

#[test]
fn a_budget_can_fail_a_run() {
    let (blue, green) = (Service::start(BLUE), Service::start(GREEN));
    let melody = Melody::new();
    let path = melody.home().join("budget.toml");
    let run = |p95: &str| {
        fs::write(&path, format!("[[budget]]\ncall = 'GET /health'\np95_ms = {p95}\n")).unwrap();
        let more = ["--only", "http/version", "--rounds", "5", "--budget", path.to_str().unwrap()];
        melody.run(&words(blue.address(), green.address(), &more))
    };
    assert_eq!(run("100000.0").exit, Some(0));
    let over = run("0.000001");
    assert_eq!(over.exit, Some(1), "{over:?}");
    assert!(over.stdout.contains("The budget of p95"), "{over:?}");
}

#[test]
fn a_code_that_is_typed_is_asked_for_once_for_each_backend() {
    // Each sends a code of its own.
    let blue = Service::start(&["--dialect", "blue", "--otp", "111222"]);
    let green = Service::start(&["--dialect", "green", "--otp", "333444"]);
    let more = ["--phone", PHONE, "--otp", "-", "--only", "account/profile", "--rounds", "0"];
    let words = words(blue.address(), green.address(), &more);
    let ended = Melody::new().typed(&words, "111222\n333444\n");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
    assert_eq!((ended.exit, short(&report)), (Some(0), vec![]));
    assert_eq!(report["backends"]["signed_in"], true);
    assert!(!ended.stdout.contains("111222") && !ended.stdout.contains("333444"), "{ended:?}");
    // Nobody there to type one.
    let ended = Melody::new().typed(&words, "");
    failure(&[], &ended, 2, "VALIDATION_ERROR");
}

#[test]
fn a_load_is_borne_by_both_and_a_green_that_fails_under_it_is_found() {
    let _alone = LOAD.write().unwrap_or_else(PoisonError::into_inner);
    let blue = Service::start(BLUE);
    let melody = Melody::new();
    let faults = melody.home().join("faults.toml");
    fs::write(&faults, "[[fault]]\nroute = 'GET /music/search'\nkind = 'status'\nstatus = 500\nrate = 0.5\nseed = 7\nafter = 1\n")
        .unwrap();
    let failing = Service::start(&["--dialect", "green", "--faults", faults.to_str().unwrap()]);
    let clean = Service::start(GREEN);
    let run = |green: &Service| {
        let more = ["--only", "http/version", "--rounds", "0", "--load", "20", "--for", "2"];
        let ended = melody.run(&words(blue.address(), green.address(), &more));
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
        (ended.exit.unwrap(), report)
    };
    let (exit, report) = run(&clean);
    assert_eq!((exit, short(&report)), (0, vec![]));
    for side in ["blue", "green"] {
        assert_eq!((&report["load"][side]["sent"], &report["load"][side]["failed"]), (&40.into(), &0.into()));
    }
    let (exit, report) = run(&failing);
    assert_eq!(exit, 1);
    assert!(report["load"]["green"]["failed"].as_u64().unwrap() > 5, "{}", report["load"]);
    assert!(report["findings"].to_string().contains("More calls fail under load."), "{}", report["findings"]);
    let bounded = words(blue.address(), clean.address(), &["--load", "201"]);
    melody.fails(&bounded, 2, "USAGE");
}

#[test]
fn what_runs_out_is_waited_for_when_asked_for() {
    let short = ["--otp-ttl", "2", "--token-ttl", "3"];
    let blue = Service::start(&[&["--dialect", "blue"][..], &short].concat());
    let melody = Melody::new();
    let file = melody.home().join("deviations.toml");
    // A green that lets an old password through.
    fs::write(&file, "[[deviation]]\nroute = 'POST /auth/verify-otp'\nkind = 'status'\nstatus = 200\n")
        .unwrap();
    let clean = Service::start(&[&["--dialect", "green"][..], &short].concat());
    let lax = [&["--dialect", "green", "--deviate", file.to_str().unwrap()][..], &short].concat();
    let lax = Service::start(&lax);
    let (exit, report) = compared(blue.address(), clean.address(), &["--only", "slow", "--rounds", "0"]);
    assert_eq!((exit, short_of(&report, "account/expired")), (0, vec![]), "{:?}", report["findings"]);
    assert_eq!(report["summary"]["cases"], 3, "{}", report["skipped"]);
    let (exit, report) = compared(blue.address(), lax.address(), &["--only", "slow", "--rounds", "0"]);
    assert_eq!(exit, 1);
    let found = short_of(&report, "account/expired-password");
    assert!(found.iter().any(|f| f.contains("\"status\"")), "{found:?}");
    // Without being asked for they are left out, and that is told.
    let list = report["skipped"].to_string();
    assert!(!list.contains("expired"), "{list}");
    let (_, report) =
        compared(blue.address(), clean.address(), &["--only", "account/expired", "--rounds", "0"]);
    assert!(report["skipped"].to_string().contains("--only slow"), "{}", report["skipped"]);
}

#[test]
fn a_renewed_token_is_in_no_report() {
    let brief = ["--token-ttl", "3"];
    let blue = Service::start(&[&["--dialect", "blue"][..], &brief].concat());
    let melody = Melody::new();
    let (suite, file) = (melody.home().join("mine.toml"), melody.home().join("deviations.toml"));
    let query = r#"{ note = "{access_token}" }"#;
    fs::write(
        &suite,
        format!("[[case]]\nid = \"mine/token\"\nsteps = [{{ call = \"GET /music/trending\", token = \"account\", query = {query} }}]\n"),
    )
    .unwrap();
    fs::write(&file, "[[deviation]]\nroute = 'GET /music/trending'\nkind = 'status'\nstatus = 418\n")
        .unwrap();
    let green = [&["--dialect", "green", "--deviate", file.to_str().unwrap()][..], &brief].concat();
    let green = Service::start(&green);
    let to = melody.home().join("report");
    // A token that lasts for three seconds is renewed before each step, and the address has the new one.
    let more = ["--suite", suite.to_str().unwrap(), "--only", "mine", "--rounds", "0"];
    let (_, report) =
        compared(blue.address(), green.address(), &[&more[..], &["--report", to.to_str().unwrap()]].concat());
    assert!(!short_of(&report, "mine/token").is_empty(), "{:?}", short(&report));
    let page = fs::read_to_string(to.join("report.html")).unwrap();
    // The dots, as an address writes them.
    let dots = "%E2%80%A2".repeat(6);
    let notes: Vec<&str> = page.split("note=").skip(1).filter_map(|rest| rest.get(..dots.len())).collect();
    assert!(!notes.is_empty(), "the case left no line to repeat it with");
    assert!(notes.iter().all(|note| *note == dots), "{notes:?}");
}

/// The findings of these cases, in short.
fn short_of(report: &Value, case: &str) -> Vec<String> {
    short(report).into_iter().filter(|line| line.contains(case)).collect()
}

#[test]
fn where_limits_are_kept_what_spends_one_is_left_out_and_told() {
    let blue = Service::start(&["--dialect", "blue", "--limits", "on"]);
    let green = Service::start(&["--dialect", "green", "--limits", "on"]);
    let run = |only: &str| {
        let more = ["--only", only, "--rounds", "0"];
        let ended = Melody::new().run(&words(blue.address(), green.address(), &more));
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
        assert_eq!((ended.exit, short(&report)), (Some(0), vec![]));
        (report["summary"]["cases"].as_u64().unwrap(), report["skipped"].clone())
    };
    // By its name it belongs to what is wanted, and is left out all the same.
    let (cases, skipped) = run("account/fourth");
    assert_eq!(cases, 0);
    assert_eq!(skipped[0]["case"], "account/fourth-password-in-an-hour");
    assert!(skipped[0]["why"].as_str().unwrap().contains("--only limit"), "{skipped}");
    // Asked for, it is run: the fourth is refused by both.
    let (cases, _) = run("limit");
    assert!(cases >= 1);
}

#[cfg(unix)]
#[test]
fn a_session_of_the_app_becomes_a_suite() {
    let (blue, green) = (Service::start(BLUE), Service::start(GREEN));
    let melody = Melody::new();
    let file = melody.home().join("recorded.toml");
    let shown = file.to_str().unwrap();
    let recorder = melody.beside(&["parity", "--blue", blue.address(), "--record", shown]);
    let first: Value = serde_json::from_str(&recorder.line()).unwrap();
    let app = Melody::on(first["listening"].as_str().unwrap());
    app.login();
    let songs = app.ids("दिल", 3);
    app.json(&["library", "add", &songs[0]]);
    app.json(&["library", "remove", &songs[0]]);
    let stopped = Command::new("kill").args(["-INT", &recorder.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    wait_for("the suite", || fs::read_to_string(&file).is_ok_and(|text| text.contains("[[case]]")));

    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(PHONE) && !text.contains(OTP) && !text.contains("authorization"), "{text}");
    assert!(
        text.contains("POST /library/songs") && text.contains("DELETE /library/songs/{recorded"),
        "{text}"
    );
    let (exit, report) =
        compared(blue.address(), green.address(), &["--suite", shown, "--only", "recorded", "--rounds", "0"]);
    assert_eq!((exit, short(&report)), (0, vec![]), "{text}");
    assert_eq!(report["summary"]["skipped"], 0, "{}", report["skipped"]);
    // The sign-in and what was recorded.
    assert_eq!(report["summary"]["cases"], 2);
}
