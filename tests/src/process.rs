//! Child processes: started, read, waited for with a deadline, never left behind.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that is not stuck, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What a program left when it ended.
#[derive(Debug)]
pub struct Ended {
    /// None when a signal ended it.
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// Runs a program to its end with `input` on its stdin.
pub fn run(command: &mut Command, input: &str) -> Ended {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    // A program that does not read its input is no fault of the bench.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let stdout = all_of(child.stdout.take().unwrap());
    let stderr = all_of(child.stderr.take().unwrap());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(PATIENCE), stderr.recv_timeout(PATIENCE)) else {
        child.kill().unwrap();
        panic!("{command:?} did not end within {PATIENCE:?}");
    };
    let status = child.wait().unwrap();
    Ended { exit: status.code(), stdout, stderr, took: begun.elapsed() }
}

fn all_of(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A reader that fails has read what there was.
        let _ = from.read_to_end(&mut bytes);
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
}

/// A program that runs beside the test and ends with it.
#[derive(Debug)]
pub struct Beside {
    child: Child,
    lines: Receiver<String>,
    name: String,
}

impl Beside {
    /// Starts it; its stderr goes where the test's goes.
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(command, "")
    }

    /// Starts it with `input` on its stdin, and nothing after.
    pub fn start_with(command: &mut Command, input: &str) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        // A program that does not read its input is no fault of the bench.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, name }
    }

    /// The next line that it prints.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{}: no line: {error}", self.name))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until `ready` says so.
pub fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
