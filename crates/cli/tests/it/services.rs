//! The commands that bring their own service: serve, tour; and the doctor.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::bench::{Bench, PHONE, keys, program, recorded, said, typed};

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn next(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Value {
    let line = lines.next().unwrap().unwrap();
    // In the order of the reference, for whoever reads it with a pattern.
    assert!(line.starts_with("{\"listening\":\"") || line.starts_with("{\"otp\":\""), "{line}");
    serde_json::from_str(&line).unwrap()
}

#[cfg(unix)]
#[test]
fn serve_tells_where_it_listens_and_every_code_until_it_is_told_to_stop() {
    for (dialect, end) in [("blue", "-TERM"), ("green", "-INT")] {
        let args =
            ["serve", "--dialect", dialect, "--catalogue", "synthetic:20", "--limits", "off", "--port", "0"];
        let child = program().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running(child);
        let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
        let first = next(&mut lines);
        keys(&first, &["listening", "dialect"]);
        assert_eq!(first["dialect"], dialect);
        let address = first["listening"].as_str().unwrap().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");

        // The code of its line, typed into a login that waits for it.
        let folder = tempfile::tempdir().unwrap();
        let mut login = program();
        login
            .args(["login", "--json", "--phone", PHONE, "--server", &address, "--profile"])
            .arg(folder.path());
        let mut login = login.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let sent = next(&mut lines);
        keys(&sent, &["otp", "phone"]);
        assert_eq!(sent["phone"], format!("+91{PHONE}"));
        let mut stdin = login.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, format!("{}\n", sent["otp"].as_str().unwrap()).as_bytes())
            .unwrap();
        drop(stdin);
        let login = said(login.wait_with_output().unwrap());
        assert_eq!(login.exit, 0, "{login:?}");
        assert_eq!(login.document()["dialect"], dialect);

        signal(&running.0, end);
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
        assert!(lines.next().is_none());
    }
}

#[test]
fn serve_refuses_what_makes_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.toml");
    std::fs::write(&faults, "[[fault]]\nroute = \"GET /music/search\"\nkind = \"gremlins\"\n").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for args in [
        &["--otp", "12"][..],
        &["--catalogue", "everything"],
        &["--dialect", "red"],
        &["--limits", "maybe"],
        &["--faults", faults.to_str().unwrap()],
        &["--faults", "/nowhere/faults.toml"],
        &["--port", &port],
    ] {
        let refused = said(program().arg("serve").args(args).arg("--json").output().unwrap());
        assert_eq!(
            (refused.exit, refused.code().as_str(), refused.out.as_str()),
            (2, "USAGE", ""),
            "{args:?}"
        );
    }
}

#[test]
fn serve_rehearses_the_faults_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.toml");
    std::fs::write(&faults, "[[fault]]\nroute = \"GET /music/search\"\nkind = \"html\"\n").unwrap();
    let mut command = program();
    command.args(["serve", "--catalogue", "synthetic:5", "--faults"]).arg(&faults);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let address = next(&mut lines)["listening"].as_str().unwrap().to_owned();
    let mut search = program();
    search.args(["search", "x", "--json", "--server", &address, "--profile"]).arg(folder.path().join("p"));
    let refused = said(search.output().unwrap());
    assert_eq!((refused.exit, refused.code().as_str()), (4, "UNREACHABLE"));
}

#[test]
fn the_tour_walks_all_the_way() {
    let mut command = program();
    let tour = said(command.args(["tour", "--json", "--for", "1"]).output().unwrap());
    assert_eq!((tour.exit, tour.err.as_str()), (0, ""), "{tour:?}");
    let tour = tour.document();
    assert_eq!(tour["ok"], true);
    let steps: Vec<&str> =
        tour["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "service",
            "sign_in",
            "search_hindi",
            "search_latin",
            "add",
            "download",
            "offline",
            "library",
            "search_offline",
            "play"
        ]
    );
    let result = |step: &str| {
        tour["steps"].as_array().unwrap().iter().find(|s| s["step"] == step).unwrap()["result"].clone()
    };
    assert_eq!(result("library")["total"], 2);
    assert_eq!(result("search_offline")["from"], "local");
    assert!(result("search_offline")["total"].as_u64().unwrap() >= 1);
    let played = result("play");
    assert!((played["seconds"].as_f64().unwrap() - 1.0).abs() < 0.1, "{played}");
    let sound = tour["sound"].as_str().unwrap();
    if sound != "device" {
        assert!((recorded(std::path::Path::new(sound)) - 1.0).abs() < 0.1);
        std::fs::remove_file(sound).unwrap();
    }
}

#[test]
fn the_doctor_looks_at_everything() {
    let mut bench = Bench::new();
    let look = |bench: &Bench| {
        let said = bench.run(&["doctor", "--json"]);
        assert_eq!(said.err, "");
        let found = said.document();
        keys(&found, &["checks"]);
        let checks = found["checks"].as_array().unwrap().clone();
        for check in &checks {
            if check["ok"] == true {
                keys(check, &["name", "ok", "message"]);
            } else {
                keys(check, &["name", "ok", "message", "error"]);
                assert_eq!(check["error"]["message"], check["message"]);
            }
        }
        let all_well = checks.iter().all(|check| check["ok"] == true);
        assert_eq!(said.exit, i32::from(!all_well), "{checks:?}");
        let ok =
            |name: &str| checks.iter().find(|check| check["name"] == name).map(|check| check["ok"] == true);
        (ok("profile"), ok("library"), ok("keyring"), ok("service"))
    };
    assert_eq!(look(&bench), (Some(true), Some(true), Some(true), Some(true)));
    bench.unplug();
    assert_eq!(look(&bench), (Some(true), Some(true), Some(true), Some(false)));
    std::fs::remove_dir_all(bench.profile()).unwrap();
    std::fs::write(bench.profile(), "no folder").unwrap();
    assert_eq!(look(&bench).0, Some(false));
}

#[test]
fn a_login_at_a_pipe_that_says_nothing_does_not_hang() {
    let bench = Bench::new();
    let said = typed(bench.melody(&["login", "--phone", PHONE]), "");
    assert_eq!(said.exit, 2);
    assert!(said.err.contains("A code is on its way to +91 ••••••3210."), "{said:?}");
}
