//! The conformance suite on the outputs that need no sound library, and what the recorder alone promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::suite::conforms;
use common::{End, ONE, close, end_of};
use melody_player::{PlayOptions, Player, SinkKind, Source};

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
fn a_recording_of_nothing_leaves_the_folder_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (new, old) = (dir.path().join("new.wav"), dir.path().join("old.wav"));
    std::fs::write(&old, "an older recording").unwrap();
    for path in [&new, &old] {
        let (player, events) = Player::new(SinkKind::Recorder(path.clone())).unwrap();
        // The output is open by then, and what was to be heard turns out to be no song.
        player.play(ONE, Source::file(&old).unwrap(), PlayOptions::default());
        assert!(matches!(end_of(&events, ONE), End::Failed(..)));
        assert_eq!(close(&player, &events), None);
    }
    assert!(!new.exists(), "an empty file stays");
    assert_eq!(std::fs::read(&old).unwrap(), b"an older recording");
}
