//! The program at a terminal: `script` (util-linux) lends it one.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::bench::{Bench, song, tone};
use melody_server::Options;

/// A program at a terminal of 90 columns, and a way to type.
struct Terminal {
    child: std::process::Child,
    seen: std::sync::mpsc::Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    /// `None` where there is no `script`.
    fn open(bench: &Bench, args: &str) -> Option<Self> {
        Self::with(bench, args, &[])
    }

    fn with(bench: &Bench, args: &str, environment: &[(&str, &str)]) -> Option<Self> {
        let line = format!(
            "stty cols 90 rows 24; exec '{}' --profile '{}' --server {} {args}",
            env!("CARGO_BIN_EXE_melody"),
            bench.profile().display(),
            bench.address
        );
        let child = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .env("MELODY_SECRETS", "file")
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .env_remove("NO_COLOR")
            .env_remove("COLORTERM")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no `script` on this machine");
            return None;
        };
        let mut out = child.stdout.take().unwrap();
        let (send, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self { child, seen, text: String::new() })
    }

    /// Waits until the screen has been sent this, from where the last wait ended.
    fn wait_for(&mut self, word: &str) {
        loop {
            if let Some(at) = self.text.find(word) {
                self.text = self.text.split_off(at + word.len());
                return;
            }
            let Ok(bytes) = self.seen.recv_timeout(std::time::Duration::from_mins(1)) else {
                panic!("never saw {word:?} in {:?}", self.text)
            };
            self.text += &String::from_utf8_lossy(&bytes);
        }
    }

    fn press(&mut self, keys: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn exit(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap();
        while let Ok(bytes) = self.seen.recv() {
            self.text += &String::from_utf8_lossy(&bytes);
        }
        (code, self.text)
    }
}

fn bench() -> Bench {
    let long = ["First", "Second"].map(|title| song(title, "en", Some(tone(60))));
    Bench::with(Options { extra_songs: long.to_vec(), ..Options::default() })
}

#[test]
fn the_line_moves_and_the_keys_work() {
    let bench = bench();
    let ids = ["First", "Second"].map(|title| bench.id_of(title));
    let Some(mut terminal) = Terminal::open(&bench, &format!("play {} {} --to null", ids[0], ids[1])) else {
        return;
    };
    terminal.wait_for("▶");
    terminal.wait_for("First — Bench");
    terminal.press(" ");
    terminal.wait_for("‖");
    terminal.press(" ");
    terminal.wait_for("▶");
    terminal.press("\u{1b}[C\u{1b}[C");
    terminal.wait_for("0:1");
    terminal.press("\u{1b}[B");
    terminal.wait_for("95%");
    terminal.press("n");
    terminal.wait_for("✓");
    terminal.wait_for("First — Bench");
    terminal.wait_for("Second — Bench");
    terminal.press("q");
    let (exit, rest) = terminal.exit();
    assert_eq!(exit, 0);
    assert!(
        rest.contains("Second — Bench") && rest.contains("\u{1b}[?25h"),
        "the cursor is not back: {rest:?}"
    );
}

#[test]
fn ctrl_c_ends_the_line_and_gives_the_terminal_back() {
    let bench = bench();
    let id = bench.id_of("First");
    let Some(mut terminal) = Terminal::open(&bench, &format!("play {id} --to null")) else { return };
    terminal.wait_for("▶");
    terminal.press("\u{3}");
    let (exit, rest) = terminal.exit();
    assert_eq!(exit, 130);
    assert!(rest.contains("\u{1b}[?25h"), "the cursor is not back: {rest:?}");
}

#[test]
fn lists_are_columns_with_one_accent_and_fit() {
    let bench = Bench::new();
    let Some(terminal) = Terminal::open(&bench, "search मेघ") else { return };
    let (exit, text) = terminal.exit();
    assert_eq!(exit, 0);
    let heading = text.lines().find(|line| line.contains("Title")).unwrap();
    assert!(heading.contains("Length") && heading.contains("ID") && !heading.contains("Album"), "{text:?}");
    assert!(text.contains("\u{1b}[1mमेघ राग"), "{text:?}");
    assert!(text.contains("1 song."), "{text:?}");
}

#[test]
fn whoever_wants_no_colour_gets_none() {
    let bench = Bench::new();
    for wish in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        for args in ["search मेघ", "song nowhere"] {
            let Some(terminal) = Terminal::with(&bench, args, &[wish]) else { return };
            let (_, text) = terminal.exit();
            assert!(!text.contains("\u{1b}["), "{wish:?} {args}: {text:?}");
        }
    }
}

#[test]
fn a_person_who_mistypes_the_code_may_type_it_again() {
    let bench = Bench::new();
    let Some(mut terminal) = Terminal::open(&bench, "login --phone 9876543210") else { return };
    terminal.wait_for("Code: ");
    terminal.press("111111\n");
    terminal.wait_for("Code: ");
    terminal.press(&format!("{}\n", crate::bench::OTP));
    let (exit, text) = terminal.exit();
    assert_eq!(exit, 0, "{text:?}");
    assert!(text.contains("+91 ••••••3210"), "{text:?}");
}

#[test]
fn who_forgets_is_told_what_is_lost_and_asked_first() {
    let bench = bench();
    bench.sign_in();
    let id = bench.id_of("First");
    bench.json(&["download", &id]);
    let Some(mut terminal) = Terminal::open(&bench, "logout --forget") else { return };
    terminal.wait_for("1 download (");
    terminal.wait_for("Forget it? [y/N] ");
    terminal.press("\n");
    let (exit, text) = terminal.exit();
    assert_eq!(exit, 1, "{text:?}");
    assert!(text.contains("Nothing was forgotten"), "{text:?}");
    bench.json(&["whoami"]);
    let Some(mut terminal) = Terminal::open(&bench, "logout --forget") else { return };
    terminal.wait_for("Forget it? [y/N] ");
    terminal.press("y\n");
    let (exit, text) = terminal.exit();
    assert_eq!(exit, 0, "{text:?}");
    assert!(text.contains("Signed out and forgotten."), "{text:?}");
    bench.sign_in();
    let Some(terminal) = Terminal::open(&bench, "logout --forget --yes") else { return };
    let (exit, text) = terminal.exit();
    assert_eq!(exit, 0, "{text:?}");
    assert!(text.contains("nothing that the service does not have") && !text.contains("[y/N]"), "{text:?}");
}
