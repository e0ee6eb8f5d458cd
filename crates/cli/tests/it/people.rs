//! What people and pipes see: data without decoration, help, pages, completions.

use std::io::Read;
use std::process::Stdio;

use crate::bench::{Bench, program, said};

#[test]
fn a_pipe_gets_data_and_nothing_else() {
    let bench = Bench::new();
    let found = bench.run(&["search", "tone"]);
    let id = bench.id_of("Tone");
    assert_eq!(found.exit, 0);
    assert_eq!(found.out, format!("{id}\t\tTone\tBench\t\ten\t0:02\n"));
    assert_eq!(found.err, "1 song.\n");
    let song = bench.run(&["song", &id]);
    assert!(song.out.contains("title\tTone\n") && song.out.contains(&format!("id\t{id}\n")), "{song:?}");
    for said in [found, song, bench.run(&["trending"]), bench.run(&["whoami"])] {
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn the_whole_way_in_words() {
    let bench = Bench::new();
    bench.sign_in();
    let id = bench.id_of("Tone");
    let added = bench.run(&["library", "add", &id]);
    assert_eq!(added.err, "Saved.\n");
    let list = bench.run(&["library", "list"]);
    assert_eq!(list.err, "1 saved song.\n");
    assert!(list.out.ends_with(&format!("\t0\t{}\n", today(&bench))), "{list:?}");
    let status = bench.run(&["library", "status"]);
    assert_eq!(status.out, "state\tidle\nentries\t1\npending\t0\n");
    let downloaded = bench.run(&["download", &id]);
    assert!(downloaded.out.starts_with(&format!("{id}\toriginal\tdone\t")), "{downloaded:?}");
    let wav = bench.path("x.wav");
    let played = bench.run(&["play", &id, "--to", wav.to_str().unwrap()]);
    assert_eq!(played.out, format!("{id}\t2.000\tWAV\t\n"));
    assert_eq!(bench.run(&["library", "remove", &id]).err, "Removed.\n");
    assert_eq!(bench.run(&["logout"]).err, "Signed out.\n");
}

/// The day on which the one saved song was added, as its document tells it.
fn today(bench: &Bench) -> String {
    bench.json(&["library", "list"])["entries"][0]["added_at"].as_str().unwrap()[..10].to_owned()
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let bench = Bench::new();
    let mut child =
        bench.melody(&["trending"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert!(!err.contains("panicked") && !err.contains("error"), "{err}");
}

#[test]
fn help_names_every_command_and_every_command_has_examples() {
    let help = said(program().arg("--help").output().unwrap());
    assert_eq!((help.exit, help.err.as_str()), (0, ""));
    for command in [
        "login",
        "whoami",
        "logout",
        "search",
        "trending",
        "song",
        "library",
        "download",
        "downloads",
        "offline",
        "play",
        "serve",
        "doctor",
        "tour",
        "completions",
        "man",
    ] {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}");
        let help = said(program().args([command, "--help"]).output().unwrap());
        assert_eq!(help.exit, 0);
        assert!(
            ["library", "downloads", "offline"].contains(&command) || help.out.contains("Example"),
            "{command}: {}",
            help.out
        );
        for flag in ["--profile", "--server", "--json", "--allow-http", "--verbose"] {
            assert!(help.out.contains(flag), "{command} {flag}");
        }
    }
    for command in ["list", "add", "remove", "sync", "status"] {
        let help = said(program().args(["library", command, "--help"]).output().unwrap());
        assert!(help.out.contains("Example"), "{command}");
    }
    for command in ["list", "remove", "verify"] {
        let help = said(program().args(["downloads", command, "--help"]).output().unwrap());
        assert!(help.out.contains("Example"), "{command}");
    }
    let version = said(program().arg("--version").output().unwrap());
    assert_eq!((version.exit, version.out), (0, format!("melody {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn completions_and_pages_are_written() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(program().args(["completions", shell]).output().unwrap());
        assert!(script.exit == 0 && script.out.contains("trending"), "{shell}");
    }
    let page = said(program().arg("man").output().unwrap());
    assert!(page.exit == 0 && page.out.contains(".TH melody 1"), "{page:?}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    assert_eq!(said(program().arg("man").arg(&dir).output().unwrap()).exit, 0);
    for name in ["melody.1", "melody-play.1", "melody-library-add.1"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
}
