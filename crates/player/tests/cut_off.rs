//! Files that end too early: each is heard as far as it goes, and what is missing is told, never passed over in silence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::fs;
use std::io::Cursor;

use common::compare::correlation;
use common::{End, record, signal, song};
use melody_player::{Error, Hint, PlayOptions, Source};

/// The length of all songs here.
const SECONDS: f64 = 8.0;
/// By how much bytes and seconds may differ: a page of Ogg is lost as a whole, and a header before the sound has a length.
const LONGEST_PIECE: f64 = 1.7;
/// What may be missing of an announced length without a word.
const FORGIVEN: f64 = 0.5;

/// How a kind of file shows that it is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shows {
    /// It announces its length.
    Length,
    /// Its pieces do: any cut shows.
    Pieces,
    /// Both.
    LengthAndPieces,
    /// Its index is at the end: no part of it is heard.
    Index,
    /// A file's own frame does, so that no part of it is heard; a stream announces its length.
    FrameOrLength,
    /// It does not: all that is there is all there is.
    Nothing,
}

/// A file of every kind, with ffmpeg's options for it.
const KINDS: &[(&str, Shows, &[&str])] = &[
    ("a.flac", Shows::Length, &[]),
    ("a.wav", Shows::Length, &["-c:a", "pcm_s16le"]),
    ("cbr.mp3", Shows::Length, &["-b:a", "128k"]),
    ("vbr.mp3", Shows::Length, &["-q:a", "4"]),
    ("bare.mp3", Shows::Nothing, &["-b:a", "128k", "-write_xing", "0"]),
    ("start.m4a", Shows::LengthAndPieces, &["-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart"]),
    ("alac.m4a", Shows::LengthAndPieces, &["-c:a", "alac", "-movflags", "+faststart"]),
    ("end.m4a", Shows::Index, &["-c:a", "aac", "-b:a", "160k"]),
    (
        "parts.m4a",
        Shows::Pieces,
        &["-c:a", "aac", "-b:a", "160k", "-movflags", "+empty_moov+skip_trailer", "-frag_duration", "500000"],
    ),
    ("a.aac", Shows::Pieces, &["-c:a", "aac", "-b:a", "160k"]),
    ("a.ogg", Shows::Pieces, &["-c:a", "libvorbis"]),
    ("a.opus", Shows::Pieces, &["-c:a", "libopus", "-b:a", "96k"]),
    ("a.webm", Shows::FrameOrLength, &["-c:a", "libopus", "-b:a", "96k"]),
];

/// The bytes, from a disk or as a stream that only runs forward and does not know its length.
fn source(bytes: &[u8], stream: bool) -> Source {
    let len = (!stream).then_some(bytes.len() as u64);
    Source::reader(Cursor::new(bytes.to_vec()), len, !stream, Hint::default())
}

/// The seconds in `words … N.N s …`.
fn told_seconds(reason: &str, before: &str, after: &str) -> Option<f64> {
    reason.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

/// What is wrong with how a part of a song ended, if anything is.
fn fault(shows: Shows, stream: bool, share: f64, heard: &[f32], end: &End) -> Option<&'static str> {
    let seconds = heard.len() as f64 / 96_000.0;
    let (reason, time) = match end {
        End::Failed(Error::BadAudio { reason }, time) => (Some(reason.as_str()), time),
        End::Ended(time) => (None, time),
        _ => return Some("another end"),
    };
    if (time.as_secs_f64() - seconds).abs() > 1e-6 {
        return Some("another time told than heard");
    }
    let wanted = signal(SECONDS, 48_000);
    // Without a header nothing says how much of an MP3's beginning is filling.
    if !heard.is_empty()
        && shows != Shows::Nothing
        && correlation(&heard[..heard.len().min(wanted.len())], &wanted) < 0.98
    {
        return Some("another sound");
    }
    if shows == Shows::Index || (shows == Shows::FrameOrLength && !stream) {
        let silent = heard.is_empty()
            && reason.is_some_and(|r| ["its index is missing", "the file is cut off"].contains(&r));
        return (!silent).then_some("it was heard");
    }
    if seconds < SECONDS * share - LONGEST_PIECE || seconds > SECONDS * share + LONGEST_PIECE {
        return Some("less or more was heard than there is");
    }
    let Some(reason) = reason else {
        let forgiven = matches!(shows, Shows::Length | Shows::FrameOrLength) && SECONDS - seconds < FORGIVEN;
        return (shows != Shows::Nothing && !forgiven).then_some("nothing was said");
    };
    if shows == Shows::Nothing {
        return Some("what can't be known was said");
    }
    let told = told_seconds(reason, "the file ends after ", " s of 8.0 s")
        .or_else(|| told_seconds(reason, "the file breaks off after ", " s"));
    let right = match told {
        Some(told) => (told - seconds).abs() < 0.2,
        None => heard.is_empty() && reason == "the file breaks off before any sound",
    };
    (!right).then_some("something else was said")
}

#[test]
fn a_cut_is_told_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (name, shows, options) in KINDS {
        let whole = fs::read(song(dir.path(), name, SECONDS, 48_000, options)).unwrap();
        for cut in [whole.len() / 20, whole.len() / 3, whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1]
        {
            for stream in [false, true] {
                let share = cut as f64 / whole.len() as f64;
                let (heard, end) = record(source(&whole[..cut], stream), PlayOptions::default());
                if let Some(fault) = fault(*shows, stream, share, &heard, &end) {
                    let kind = if stream { "stream" } else { "file" };
                    wrong.push(format!("{name} as a {kind}, {share:.3} of it: {fault}: {end:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_whole_file_is_not_called_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    for (name, shows, options) in KINDS {
        let whole = fs::read(song(dir.path(), name, SECONDS, 48_000, options)).unwrap();
        for stream in [false, true] {
            if stream && *shows == Shows::Index {
                continue;
            }
            let (heard, end) = record(source(&whole, stream), PlayOptions::default());
            assert!(matches!(end, End::Ended(_)), "{name}: {end:?}");
            assert!((heard.len() as f64 / 96_000.0 - SECONDS).abs() < 0.05, "{name}");
        }
    }
}
