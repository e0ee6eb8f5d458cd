//! The real thing: a song through the sound device to a real sound server, captured from its monitor.
//!
//! The server is `PulseAudio` with a null sink in a private runtime folder. The player takes that folder from the
//! environment, which a test can't change for itself: so each test runs its part again as a child, in the right environment.
#![cfg(feature = "device")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::compare::{correlation, lag, onset, worst_piece};
use common::standstill::Standstill;
use common::{End, ONE, PATIENCE, close, end_of, record_file, song, started, wait};
use melody_player::{Error, Event, PlayOptions, Player, SinkKind, Source, devices};

/// Says where the child finds its song.
const SONG: &str = "MELODY_TEST_SONG";
/// The player's device buffer bridges this much. Of a machine on which threads wait longer a gap says nothing.
const BRIDGED: Duration = Duration::from_millis(140);

/// Ends a child with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether there is a sound server to test with. On CI its absence is a failure.
fn server_installed() -> bool {
    let installed = ["pulseaudio", "parec", "pactl"]
        .iter()
        .all(|tool| Command::new(tool).arg("--version").output().is_ok_and(|out| out.status.success()));
    assert!(
        installed || std::env::var_os("CI").is_none(),
        "pulseaudio and pulseaudio-utils are not installed"
    );
    if !installed {
        eprintln!("SKIPPED: no sound was tested, because pulseaudio and pulseaudio-utils are not installed");
    }
    installed
}

fn runtime_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

/// A program beside the server. Sound is due in time, also while the machine compiles: where it may, it runs with priority,
/// as a sound server does on a desktop (`nice` goes on without when it may not).
fn in_env(program: impl AsRef<std::ffi::OsStr>, runtime: &Path) -> Command {
    let mut command = Command::new("nice");
    command
        .args(["-n", "-15"])
        .arg(program)
        .env("XDG_RUNTIME_DIR", runtime)
        .env("HOME", runtime)
        .env_remove("PULSE_SERVER")
        .env_remove("PULSE_RUNTIME_PATH")
        .env_remove("PULSE_LATENCY_MSEC");
    command
}

fn start_server(runtime: &Path) -> Running {
    let sink = "module-null-sink sink_name=bench rate=48000 channels=2 format=float32le norewinds=1";
    let server = in_env("pulseaudio", runtime)
        .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=true"])
        .args(["-L", "module-native-protocol-unix", "-L", sink])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Running(server);
    let since = Instant::now();
    while !in_env("pactl", runtime).args(["list", "short", "sinks"]).output().unwrap().status.success() {
        assert!(since.elapsed() < PATIENCE, "the sound server does not start");
        thread::sleep(Duration::from_millis(20));
    }
    server
}

/// What the server's monitor hears, from now on.
struct Capture {
    _parec: Running,
    heard: Arc<Mutex<Vec<f32>>>,
}

impl Capture {
    fn start(runtime: &Path) -> Self {
        Self::of("bench", runtime)
    }

    fn of(sink: &str, runtime: &Path) -> Self {
        let mut parec = in_env("parec", runtime)
            .args([
                "-d",
                &format!("{sink}.monitor"),
                "--format=float32le",
                "--rate=48000",
                "--channels=2",
                "--latency-msec=50",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = parec.stdout.take().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&heard);
        thread::spawn(move || {
            let (mut bytes, mut kept) = ([0; 8_192], 0);
            while let Ok(count @ 1..) = pipe.read(&mut bytes[kept..]) {
                let whole = (kept + count) / 4 * 4;
                let samples =
                    bytes[..whole].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                into.lock().unwrap().extend(samples);
                bytes.copy_within(whole..kept + count, 0);
                kept = kept + count - whole;
            }
        });
        let capture = Self { _parec: Running(parec), heard };
        // A monitor delivers silence too: the first of it shows that the capture runs.
        capture.wait_for(|heard| !heard.is_empty());
        capture
    }

    fn wait_for(&self, enough: impl Fn(&[f32]) -> bool) -> Vec<f32> {
        let since = Instant::now();
        loop {
            let heard = self.heard.lock().unwrap();
            if enough(&heard) {
                return heard.clone();
            }
            drop(heard);
            assert!(since.elapsed() < PATIENCE, "the monitor heard too little");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Runs one of the ignored tests below in the server's environment.
fn child(test: &str, runtime: &Path, song: &Path) -> Running {
    let child = in_env(std::env::current_exe().unwrap(), runtime)
        .args(["--ignored", "--exact", "--nocapture", test])
        .env(SONG, song)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Running(child)
}

fn song_of_the_child() -> Source {
    Source::file(std::env::var_os(SONG).expect("only for the tests in this file")).unwrap()
}

#[test]
fn a_song_arrives_at_the_sound_server_whole() {
    if !server_installed() {
        return;
    }
    let runtime = runtime_dir();
    let files = tempfile::tempdir().unwrap();
    let _server = start_server(runtime.path());
    for (name, rate, options) in [("a.flac", 48_000, &[][..]), ("a.mp3", 44_100, &["-b:a", "192k"])] {
        let path = song(files.path(), name, 6.0, rate, options);
        let (wanted, _) = record_file(&path);
        let whole = (1..=3).any(|attempt| {
            let watch = Standstill::watch();
            let heard = play_and_capture(runtime.path(), &path, wanted.len());
            let (correlation, worst) = compare(&heard, &wanted);
            let longest = watch.longest();
            eprintln!("{name}, attempt {attempt}: correlation {correlation:.6}, worst 10 ms {worst:.6}, waited {longest:?}");
            let whole = correlation >= 0.99 && worst >= 0.99;
            assert!(whole || longest > BRIDGED, "{name} has a gap, and the machine did not stand still");
            whole
        });
        assert!(whole, "this machine is too busy to play sound in time, by whichever program");
    }
}

/// Plays the song in a child; returns what the monitor heard, from the first sound to 0.2 s beyond the expected end.
fn play_and_capture(runtime: &Path, path: &Path, samples: usize) -> Vec<f32> {
    let capture = Capture::start(runtime);
    let mut player = child("plays_to_the_device", runtime, path);
    assert!(player.0.wait().unwrap().success(), "the child failed");
    let end = |heard: &[f32]| onset(heard).map(|begin| begin * 2 + samples + 19_200);
    let mut heard = capture.wait_for(|heard| end(heard).is_some_and(|end| heard.len() > end));
    heard.truncate(end(&heard).unwrap());
    heard
}

/// The correlation of the whole song, and of its worst 10 ms.
fn compare(heard: &[f32], wanted: &[f32]) -> (f64, f64) {
    let begin = onset(heard).unwrap().saturating_sub(onset(wanted).unwrap() + 200);
    let (late, _) = lag(&heard[begin * 2..(begin + 48_000) * 2], &wanted[..48_000 * 2], 400);
    let aligned = &heard[(begin as i64 + late).max(0) as usize * 2..];
    (correlation(aligned, wanted), worst_piece(aligned, wanted, 480))
}

#[test]
fn the_device_conforms() {
    if !server_installed() {
        return;
    }
    let runtime = runtime_dir();
    let _server = start_server(runtime.path());
    let mut player = child("the_device_conforms_here", runtime.path(), Path::new("none"));
    assert!(player.0.wait().unwrap().success());
}

#[test]
#[ignore = "the child of the test above"]
fn the_device_conforms_here() {
    common::suite::conforms(|| SinkKind::Device.build().unwrap());
}

#[test]
#[ignore = "the child of the test above"]
fn plays_to_the_device() {
    let (player, events) = Player::new(SinkKind::Device).unwrap();
    player.play(ONE, song_of_the_child(), PlayOptions::default());
    assert_eq!(end_of(&events, ONE), End::Ended(Duration::from_secs(6)));
    assert_eq!(close(&player, &events), None);
}

#[test]
fn another_device_is_chosen_while_a_song_plays() {
    if !server_installed() {
        return;
    }
    let runtime = runtime_dir();
    let files = tempfile::tempdir().unwrap();
    let path = song(files.path(), "a.flac", 6.0, 48_000, &[]);
    let _server = start_server(runtime.path());
    let load =
        ["load-module", "module-null-sink", "sink_name=second", "sink_properties=device.description=Kitchen"];
    assert!(in_env("pactl", runtime.path()).args(load).output().unwrap().status.success());
    let capture = Capture::of("second", runtime.path());
    let mut player = child("changes_the_device", runtime.path(), &path);
    let mut lines = BufReader::new(player.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.contains("PLAYING")));
    assert_eq!(onset(&capture.heard.lock().unwrap()), None, "it began on the default device");
    writeln!(player.0.stdin.take().unwrap(), "go on").unwrap();
    assert!(lines.by_ref().any(|line| line.contains("ENDED")));
    assert!(player.0.wait().unwrap().success());
    capture.wait_for(|heard| onset(heard).is_some());
}

#[test]
#[ignore = "the child of the test above"]
fn changes_the_device() {
    let found = devices().unwrap();
    let kitchen = found.iter().find(|device| device.name == "Kitchen").unwrap();
    assert!(
        found.len() >= 2 && found.iter().filter(|device| device.id == kitchen.id).count() == 1,
        "{found:?}"
    );
    let (player, events) = Player::new(SinkKind::Device).unwrap();
    player.choose_device(Some("a device that is not there".into()));
    player.play(ONE, song_of_the_child(), PlayOptions::default());
    started(&events);
    println!("PLAYING");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    player.choose_device(Some(kitchen.id.clone()));
    wait(&events, |event| matches!(event, Event::Playing { .. }).then_some(()));
    // All of the song was handed to one device or the other, nothing twice.
    assert_eq!(end_of(&events, ONE), End::Ended(Duration::from_secs(6)));
    assert_eq!(close(&player, &events), None);
    println!("ENDED");
}

#[test]
fn a_server_that_dies_is_a_lost_device_and_comes_back() {
    if !server_installed() {
        return;
    }
    let runtime = runtime_dir();
    let files = tempfile::tempdir().unwrap();
    let path = song(files.path(), "a.flac", 6.0, 48_000, &[]);
    let server = start_server(runtime.path());
    let mut player = child("loses_the_device", runtime.path(), &path);
    let mut lines = BufReader::new(player.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut stdin: ChildStdin = player.0.stdin.take().unwrap();
    assert!(lines.by_ref().any(|line| line.contains("PLAYING")));
    drop(server);
    assert!(lines.by_ref().any(|line| line.contains("LOST")), "the loss was not told");
    let _again = start_server(runtime.path());
    let capture = Capture::start(runtime.path());
    writeln!(stdin, "go on").unwrap();
    assert!(lines.by_ref().any(|line| line.contains("ENDED")));
    assert!(player.0.wait().unwrap().success());
    let heard = capture.wait_for(|heard| onset(heard).is_some());
    assert!(!heard.is_empty());
}

#[test]
#[ignore = "the child of the test above"]
fn loses_the_device() {
    let (player, events) = Player::new(SinkKind::Device).unwrap();
    player.play(ONE, song_of_the_child(), PlayOptions::default());
    started(&events);
    println!("PLAYING");
    wait(&events, |event| matches!(event, Event::DeviceLost { .. }).then_some(()));
    wait(&events, |event| match event {
        Event::Paused { .. } => Some(()),
        Event::DeviceLost { .. } => panic!("told twice"),
        _ => None,
    });
    let at = player.position().unwrap().at;
    println!("LOST");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    assert_eq!(player.position().unwrap().at, at, "the position must stand");
    player.resume();
    // All of the song was handed to a device once, nothing twice.
    assert_eq!(end_of(&events, ONE), End::Ended(Duration::from_secs(6)));
    assert_eq!(close(&player, &events), None);
    println!("ENDED");
}

#[test]
fn without_any_server_there_is_no_device() {
    let runtime = runtime_dir();
    let files = tempfile::tempdir().unwrap();
    let path = song(files.path(), "a.flac", 0.5, 48_000, &[]);
    let mut player = child("finds_no_device", runtime.path(), &path);
    assert!(player.0.wait().unwrap().success());
}

#[test]
#[ignore = "the child of the test above"]
fn finds_no_device() {
    let (player, events) = Player::new(SinkKind::Device).unwrap();
    player.play(ONE, song_of_the_child(), PlayOptions::default());
    // A machine with a card of its own plays it all the same.
    match end_of(&events, ONE) {
        End::Failed(error @ Error::NoDevice { .. }, _) => {
            assert!(error.to_string().starts_with("No sound device is available: "));
        }
        End::Ended(_) => {}
        other => panic!("{other:?}"),
    }
}
