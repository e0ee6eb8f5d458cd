//! A panic on the thread that decodes: the song is damaged, the log knows where, the terminal hears nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
};

use melody_player::{Error, Event, Hint, PlayOptions, Player, RequestId, SinkKind, Source};

/// Names the child's log.
const LOG: &str = "MELODY_TEST_LOG";

/// Bytes that break whoever reads them, in words that were put together.
struct Breaking;

impl Read for Breaking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("it holds {}", "a-token".to_uppercase());
    }
}

impl Seek for Breaking {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn a_decoder_that_panics_is_told_in_the_log_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "breaks"])
        .env(LOG, &log)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    assert_eq!(String::from_utf8_lossy(&child.stderr), "");
    let told = fs::read_to_string(&log).unwrap();
    assert!(told.contains("something broke inside") && told.contains("panics.rs"), "{told}");
    assert!(told.contains("decode"), "which thread it was: {told}");
    assert!(!told.contains("A-TOKEN"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
#[ignore = "the child of the test above"]
fn breaks() {
    let log = File::create(PathBuf::from(std::env::var_os(LOG).unwrap())).unwrap();
    tracing_subscriber::fmt().with_ansi(false).with_writer(Mutex::new(log)).init();
    melody_core::log_panics();
    let (player, events) = Player::new(SinkKind::Null).unwrap();
    player.play(RequestId(1), Source::reader(Breaking, None, false, Hint::default()), PlayOptions::default());
    let error = events.iter().find_map(|event| match event {
        Event::Failed { error, .. } => Some(error),
        _ => None,
    });
    assert_eq!(error, Some(Error::BadAudio { reason: "the decoder broke on it".into() }));
}
