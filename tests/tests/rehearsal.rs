//! The day of the switch by the real program: nothing is lost, whatever breaks; and what is lost is told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where an answer is not as it must be")]

use std::{env, fs, process::Command};

use melody_e2e::melody::{Melody, failure, program};
use serde_json::Value;

/// How a rehearsal ended.
#[derive(Debug)]
struct Ended {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs it to its end, which is its own affair: a machine that is busy with other things draws a day out.
fn run(mut command: Command) -> Ended {
    let ended = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { exit: ended.status.code(), stdout: text(ended.stdout), stderr: text(ended.stderr) }
}

/// A day of some seconds, with these words besides.
fn day(melody: &Melody, more: &[&str]) -> (Ended, Value) {
    let usual = ["rehearse", "--songs", "10", "--for", "0.3"];
    let ended = run(melody.command(&[&usual, more].concat()));
    let report = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended, report)
}

/// A file of faults in the program's home.
fn faults(melody: &Melody, toml: &str) -> String {
    let path = melody.home().join("faults.toml");
    fs::write(&path, toml).unwrap();
    path.to_str().unwrap().to_owned()
}

fn clients(report: &Value) -> &[Value] {
    report["clients"].as_array().unwrap()
}

fn all(report: &Value, field: &str) -> Vec<Value> {
    clients(report).iter().map(|client| client[field].clone()).collect()
}

/// What was noted of each step that did not go as it should.
fn notes(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .filter_map(|step| Some(format!("{} {} {}", step["leg"], step["step"], step["note"].as_str()?)))
        .map(|note| note.replace('"', ""))
        .collect()
}

/// Nothing is lost or doubled, everybody came to agree, and what is on the disk was heard all day.
#[track_caller]
fn unharmed(ended: &Ended, report: &Value) {
    let summary = &report["summary"];
    for count in ["lost", "doubled", "unmatched", "unsettled"] {
        assert_eq!(summary[count], 0, "{count}: {ended:?}");
    }
    assert_eq!(summary["silent_s"], 0.0, "{ended:?}");
    assert_eq!(ended.exit, Some(0), "{ended:?}");
}

#[test]
fn there_and_back_and_there_again_loses_nothing() {
    let melody = Melody::new();
    let temporary = melody.home().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let melody = melody.env("TMPDIR", &temporary);
    let folder = melody.home().join("report");
    let (ended, report) = day(&melody, &["--report", folder.to_str().unwrap()]);
    unharmed(&ended, &report);
    // Two devices of one listener are among them.
    assert_eq!(all(&report, "account"), [1, 2, 3, 3]);
    for client in clients(&report) {
        assert!(client["queued"].as_u64().unwrap() > 0, "it lived while the service was away: {client}");
        assert!(
            client["replayed"].as_u64().unwrap() > 0,
            "blue had nothing that green acknowledged: {client}"
        );
        assert_eq!(client["sign_ins"], 3, "tokens are of one backend: {client}");
    }
    assert_eq!(notes(&report), Vec::<String>::new());
    let steps: Vec<&str> =
        report["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let way = ["start", "final_sync", "maintenance_on", "stop", "migrate", "validate", "switch", "health"];
    assert_eq!(steps[..8], way);
    assert_eq!(steps.len(), 10 + 7 + 10, "{steps:?}");

    let kept = fs::read_to_string(folder.join("report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), report);
    let page = fs::read_to_string(folder.join("report.md")).unwrap();
    assert!(page.contains("| 4 | 3 | 0.0 |"), "{page}");
    // No number, code or token; and nothing is left behind.
    for text in [&ended.stdout, &kept, &page] {
        assert!(!text.contains("98000000") && !text.contains("424242"), "{text}");
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_green_that_forgot_the_library_is_refilled() {
    let (ended, report) = day(&Melody::new(), &["--forgetful", "--seed", "3"]);
    unharmed(&ended, &report);
    for client in clients(&report) {
        // Ten songs each, at both switches to green.
        assert!(client["replayed"].as_u64().unwrap() >= 20, "{client}");
    }
}

#[test]
fn nothing_is_lost_whatever_step_breaks() {
    let melody = Melody::new();
    let list = [
        "step = 'final_sync'\nkind = 'rolled_back'",
        "step = 'maintenance_on'\nkind = 'wrong_side'\nleg = 'to_green'",
        "step = 'maintenance_on'\nkind = 'skipped'\nleg = 'back_to_blue'",
        "step = 'migrate'\nkind = 'rolled_back'\nleg = 'to_green'",
        "step = 'migrate'\nkind = 'half_way'\nleg = 'to_green_again'",
        "step = 'switch'\nkind = 'in_turn'",
        "step = 'switch'\nkind = 'void_tokens'",
        "step = 'health'\nkind = 'never_well'\nleg = 'to_green'",
        "step = 'maintenance_off'\nkind = 'wrong_side'",
    ];
    let toml = format!("[[fault]]\n{}\n", list.join("\n[[fault]]\n"));
    let (ended, report) =
        day(&melody, &["--clients", "3", "--seed", "2", "--faults", &faults(&melody, &toml)]);
    unharmed(&ended, &report);
    let noted = notes(&report).join("\n");
    for note in [
        "to_green final_sync said to be done",
        "to_green maintenance_on switched on at green only",
        "to_green migrate said to be done",
        "to_green validate blue has 3 users",
        "migrated again, now as many",
        "to_green health not well in 30 tries",
        "to_green maintenance_off switched off at blue; noticed later",
        "back_to_blue maintenance_on left out",
        "back_to_blue switch both answered in turn",
        "to_green_again migrate broke off after 3 users",
    ] {
        assert!(noted.contains(note), "{note} is not in\n{noted}");
    }
    let sign_ins: u64 = report["summary"]["sign_ins"].as_u64().unwrap();
    assert!(sign_ins > 9, "tokens were void once more than a switch makes them: {sign_ins}");
}

#[test]
fn what_the_last_backend_lost_is_told_by_name() {
    let melody = Melody::new();
    let file = faults(&melody, "[[fault]]\nstep = 'settle'\nkind = 'loses_writes'\nsongs = 2\n");
    let (ended, report) = day(&melody, &["--clients", "2", "--faults", &file]);
    assert_eq!(ended.exit, Some(1), "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert_eq!((&report["summary"]["lost"], &report["summary"]["doubled"]), (&2.into(), &0.into()));
    let lost = clients(&report)[0]["lost"].as_array().unwrap();
    assert!(lost.iter().all(|one| one["change"] == "add" && one["song"]["title"] != ""), "{lost:?}");
    assert_eq!(clients(&report)[1]["lost"], Value::Array(Vec::new()));
    assert_eq!(notes(&report), ["to_green_again settle green lost 2 saved songs of client 1"]);
}

#[test]
fn a_list_of_faults_that_cannot_be_is_refused() {
    let melody = Melody::new();
    let file = faults(&melody, "[[fault]]\nstep = 'switch'\nkind = 'skipped'\n");
    let told = melody.fails(&["rehearse", "--faults", &file], 2, "USAGE").message;
    assert!(told.contains("“switch”"), "{told}");
    let file = faults(&melody, "[[fault]]\nstep = 'nap'\nkind = 'skipped'\n");
    let told = melody.fails(&["rehearse", "--faults", &file], 2, "USAGE").message;
    assert!(told.contains("line 2"), "{told}");
    let ended = melody.run(&["rehearse", "--clients", "0"]);
    failure(&[], &ended, 2, "USAGE");
}

/// `MELODY_SOAK=SEEDS cargo test --workspace --test rehearsal -- --ignored`: so many days of many clients.
#[test]
#[ignore = "takes minutes for each seed"]
fn many_long_days() {
    let seeds = env::var("MELODY_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    for seed in 1..=seeds {
        for forgetful in [None, Some("--forgetful")] {
            let mut command = Command::new(program());
            command.args(["rehearse", "--json", "--clients", "24", "--songs", "60", "--for", "5"]);
            command.args(["--seed", &seed.to_string()]).args(forgetful);
            let ended = run(command);
            assert_eq!(ended.exit, Some(0), "seed {seed} {forgetful:?}: {ended:?}");
        }
    }
}
