//! The conformance suite on the outputs that need no sound library, and what the recorder alone promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::suite::conforms;
use common::{close, read_wav};
use melody_player::{Player, SinkKind};

#[test]
fn the_null_output_conforms() {
    conforms(|| SinkKind::Null.build().unwrap());
}

#[test]
fn the_recorder_conforms() {
    let dir = tempfile::tempdir().unwrap();
    conforms(|| SinkKind::Recorder(dir.path().join("out.wav")).build().unwrap());
}

#[test]
fn a_recording_of_nothing_is_a_valid_empty_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.wav");
    let (player, events) = Player::new(SinkKind::Recorder(path.clone())).unwrap();
    assert_eq!(close(&player, &events), None);
    assert!(read_wav(&path).is_empty());
}
