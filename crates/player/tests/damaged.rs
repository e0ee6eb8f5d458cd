//! Files that are not what they seem: each gets its sentence, none a panic, a hang or a flood of memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use common::compare::correlation;
use common::{End, ONE, end_of, record, record_file, signal, song};
use melody_player::{Error, Hint, PlayOptions, Player, SinkKind, Source};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Bytes that refuse to be left: going past their end is an error, as it is for a stream and, far enough, for a file.
struct Strict(Cursor<Vec<u8>>);

impl Read for Strict {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for Strict {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.0.seek(to)?;
        if at > self.0.get_ref().len() as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "past the end"));
        }
        Ok(at)
    }
}

fn bytes(bytes: impl Into<Vec<u8>>, extension: &str) -> Source {
    let bytes = bytes.into();
    let len = bytes.len() as u64;
    let hint = Hint { extension: Some(extension.into()), mime: None };
    Source::reader(Strict(Cursor::new(bytes)), Some(len), true, hint)
}

fn error_of(source: Source) -> Error {
    match record(source, PlayOptions::default()) {
        (_, End::Failed(error, _)) => error,
        other => panic!("it did not fail: {:?}", other.1),
    }
}

fn unsupported(format: &str) -> Error {
    Error::Unsupported { format: format.into() }
}

fn bad(reason: &str) -> Error {
    Error::BadAudio { reason: reason.into() }
}

#[test]
fn what_is_no_song_is_named() {
    assert_eq!(error_of(bytes("", "mp3")), bad("the file is empty"));
    assert_eq!(
        error_of(bytes("\n <!DOCTYPE HTML><html><title>504</title>", "mp3")),
        unsupported("a web page")
    );
    assert_eq!(error_of(bytes("{\"detail\":\"Not Found\"}", "mp3")), unsupported("JSON"));
    assert_eq!(error_of(bytes("<?xml version='1.0'?><Error/>", "flac")), unsupported("XML"));
    assert_eq!(error_of(bytes("no such song, sorry", "flac")), unsupported("text"));
    assert_eq!(error_of(bytes(*b"MThd\0\0\0\x06\0\x01\0\x01\0\x60MTrk", "mid")), unsupported("MIDI"));
    assert_eq!(error_of(bytes(*b"#!AMR\n\x3c\x08", "amr")), unsupported("AMR"));
    let error = error_of(bytes("<html>", "mp3"));
    assert_eq!(error.to_string(), "This song can't be played: a web page is not a supported format.");
}

#[test]
fn formats_that_are_not_played_are_named() {
    let dir = tempfile::tempdir().unwrap();
    for (name, options, wanted) in [
        ("a.wma", &["-c:a", "wmav2"][..], "WMA"),
        ("a.ac3", &["-c:a", "ac3"], "AC-3"),
        ("ac3.mp4", &["-c:a", "ac3"], "AC-3"),
        ("a.wv", &["-c:a", "wavpack"], "WavPack"),
        ("a.tta", &["-c:a", "tta"], "True Audio"),
        ("a.aiff", &[], "AIFF"),
        ("a.caf", &[], "CAF"),
    ] {
        let path = song(dir.path(), name, 1.0, 44_100, options);
        assert_eq!(error_of(Source::file(&path).unwrap()), unsupported(wanted), "{name}");
    }
    let silent = dir.path().join("silent.mp4");
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "color=size=64x64:duration=1", "-c:v", "mpeg4"])
        .arg(&silent)
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(error_of(Source::file(&silent).unwrap()), bad("there is no sound track in it"));
}

#[test]
fn noise_is_no_song() {
    let mut seed = 0x1234_5678_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    })
    .take(300_000)
    .collect();
    assert!(matches!(error_of(bytes(noise.clone(), "mp3")), Error::BadAudio { .. }));
    assert_eq!(error_of(bytes(vec![0; 200_000], "xyz")), unsupported("XYZ"));
    assert_eq!(error_of(bytes(vec![0; 200_000], "mp3")), bad("no audio was found in it"));
    for header in [
        &b"fLaC"[..],
        b"OggS",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"\0\0\0\x20ftypM4A ",
    ] {
        let broken = [header, &noise].concat();
        assert!(matches!(error_of(bytes(broken, "flac")), Error::BadAudio { .. }), "{header:?}");
    }
}

#[test]
fn a_missing_file_is_told_by_its_kind() {
    let Error::Source { kind, .. } = Source::file("/nowhere/a.mp3").unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(kind, std::io::ErrorKind::NotFound);
    let Error::Source { kind, .. } = Source::file("/").unwrap_err() else { panic!("another error") };
    assert_eq!(kind, std::io::ErrorKind::IsADirectory);
}

#[test]
fn a_box_that_reaches_past_the_end_is_the_files_fault() {
    let dir = tempfile::tempdir().unwrap();
    let path = song(dir.path(), "a.m4a", 1.0, 44_100, &["-c:a", "aac"]);
    let whole = fs::read(&path).unwrap();
    let head = u32::from_be_bytes(whole[..4].try_into().unwrap()) as usize;
    // No file can be sought so far; the second is only longer than this one.
    for len in [u64::MAX - 1_000, 1 << 40] {
        for kind in [b"free", b"moov", b"mdat"] {
            let endless = [&1_u32.to_be_bytes()[..], kind, &len.to_be_bytes()].concat();
            fs::write(&path, [&whole[..head], &endless, &whole[head..]].concat()).unwrap();
            let error = error_of(Source::file(&path).unwrap());
            assert!(matches!(error, Error::BadAudio { .. }), "{kind:?}, {len}: {error:?}");
        }
    }
}

/// A song of six seconds in every format whose decoder can go on after damage.
const SONGS: [(&str, &[&str]); 7] = [
    ("a.flac", &[]),
    ("a.mp3", &["-b:a", "128k"]),
    ("a.aac", &["-c:a", "aac", "-b:a", "128k"]),
    ("a.m4a", &["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]),
    ("alac.m4a", &["-c:a", "alac", "-movflags", "+faststart"]),
    ("a.ogg", &["-c:a", "libvorbis"]),
    ("a.opus", &["-c:a", "libopus", "-b:a", "96k"]),
];

#[test]
fn a_scratch_costs_a_moment_not_the_song() {
    let dir = tempfile::tempdir().unwrap();
    for (name, options) in SONGS {
        let path = song(dir.path(), name, 6.0, 48_000, options);
        let mut scratched = fs::read(&path).unwrap();
        let middle = scratched.len() / 2;
        for byte in &mut scratched[middle..middle + 600] {
            *byte = byte.wrapping_mul(31).wrapping_add(7);
        }
        let (heard, end) = record(bytes(scratched, "x"), PlayOptions::default());
        assert!(matches!(end, End::Ended(_)), "{name}: {end:?}");
        let seconds = heard.len() as f64 / 96_000.0;
        // Ogg drops the whole page, which is a second.
        assert!((4.5..6.1).contains(&seconds), "{name}: {seconds} s");
        let wanted = signal(6.0, 48_000);
        assert!(correlation(&heard[..96_000], &wanted[..96_000]) > 0.99, "{name}: before the scratch");
    }
}

/// What becomes of the n-th damaged byte.
type Damage = fn(usize, u8) -> u8;

#[test]
fn a_song_that_lost_much_is_told_damaged_not_unsupported() {
    let dir = tempfile::tempdir().unwrap();
    let ways: [(&str, Damage); 3] = [
        ("noise", |n, _| ((n as u32).wrapping_mul(2_654_435_761) >> 21) as u8),
        ("zeros", |_, _| 0),
        ("specks", |n, byte| if n % 100 == 50 { !byte } else { byte }),
    ];
    let mut wrong = Vec::new();
    for (name, options) in SONGS {
        let path = song(dir.path(), name, 6.0, 48_000, options);
        let whole = fs::read(&path).unwrap();
        for (way, damage) in &ways {
            for range in [whole.len() / 4..whole.len() * 3 / 4, whole.len() / 4..whole.len()] {
                // An MP3's specks are heard as such and lose little; to ALAC zeros are silence.
                if [("a.mp3", "specks"), ("alac.m4a", "zeros")].contains(&(name, way)) {
                    continue;
                }
                let mut damaged = whole.clone();
                for (n, byte) in damaged[range.clone()].iter_mut().enumerate() {
                    *byte = damage(n, *byte);
                }
                let (_, end) = record(bytes(damaged, "x"), PlayOptions::default());
                if !matches!(end, End::Failed(Error::BadAudio { .. }, _)) {
                    wrong.push(format!("{name}, {way} in {range:?} of {}: {end:?}", whole.len()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_disk_that_is_full_fails_the_song() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = song(dir.path(), "a.flac", 5.0, 48_000, &[]);
    let (player, events) = match Player::new(SinkKind::Recorder("/dev/full".into())) {
        Ok(player) => player,
        Err(Error::Output { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    player.play(ONE, Source::file(&path).unwrap(), PlayOptions::default());
    let End::Failed(Error::Output { kind, .. }, _) = end_of(&events, ONE) else { panic!("it was written") };
    assert_eq!(kind, std::io::ErrorKind::StorageFull);
}

#[test]
fn a_recording_in_no_folder_is_refused_at_once() {
    let Error::Output { kind, .. } = Player::new(SinkKind::Recorder("/nowhere/out.wav".into())).unwrap_err()
    else {
        panic!("another error")
    };
    assert_eq!(kind, std::io::ErrorKind::NotFound);
}

/// Short songs of all formats, for mutilation.
fn songs() -> &'static [(String, Vec<u8>)] {
    static SONGS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    SONGS.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        [
            ("a.mp3", &["-b:a", "96k"][..]),
            ("a.m4a", &["-c:a", "aac", "-b:a", "96k"]),
            ("alac.m4a", &["-c:a", "alac"]),
            ("a.aac", &["-c:a", "aac", "-b:a", "96k"]),
            ("a.flac", &[]),
            ("a.ogg", &["-c:a", "libvorbis"]),
            ("a.opus", &["-c:a", "libopus", "-b:a", "64k"]),
            ("a.wav", &["-c:a", "pcm_s16le"]),
        ]
        .into_iter()
        .map(|(name, options)| {
            (name.to_owned(), fs::read(song(dir.path(), name, 1.0, 44_100, options)).unwrap())
        })
        .collect()
    })
}

/// Decodes to a recording; whatever happens, the song must end, within its own length or nearly.
fn survives(name: &str, damaged: Vec<u8>, options: PlayOptions) -> Result<(), TestCaseError> {
    let size = damaged.len();
    let (heard, end) = record(bytes(damaged, "x"), options);
    prop_assert!(!matches!(end, End::Stopped(_)));
    prop_assert!(!matches!(end, End::Failed(Error::Source { .. }, _)), "{name}: {end:?}");
    prop_assert!(heard.iter().all(|sample| sample.is_finite()));
    // A byte of any of these formats is not worth more than this.
    prop_assert!(heard.len() <= size * 64 + 4_000_000, "{name}: {} samples out of {size} bytes", heard.len());
    if let End::Failed(Error::BadAudio { reason }, _) = end {
        prop_assert!(reason != "the decoder broke on it", "{name}: the decoder panicked");
    }
    Ok(())
}

/// The same damage in every run, unless `PROPTEST_RNG_SEED` asks for another: the decoders are not ours, and what they make
/// of new damage is for a long run to find out.
fn seed() -> RngSeed {
    match std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => RngSeed::Fixed(seed),
        None => RngSeed::Fixed(2026),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 64, rng_seed: seed(), ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_may_be_wrong(
        which in 0_usize..8,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        in_header in any::<bool>(),
        from in 0_u64..1_200,
    ) {
        let (name, whole) = &songs()[which];
        let mut damaged = whole.clone();
        let reach = if in_header { damaged.len().min(600) } else { damaged.len() };
        for (place, byte) in wrong {
            damaged[place.index(reach)] = byte;
        }
        let from = if from < 600 { Duration::ZERO } else { Duration::from_millis(from) };
        survives(name, damaged, PlayOptions { from, ..PlayOptions::default() })?;
    }

    #[test]
    fn any_part_may_be_missing(which in 0_usize..8, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let (name, whole) = &songs()[which];
        let (a, b) = (from.index(whole.len()), to.index(whole.len()));
        let damaged = [&whole[..a.min(b)], &whole[a.max(b)..]].concat();
        survives(name, damaged, PlayOptions::default())?;
    }
}

#[test]
fn whole_files_are_not_taken_for_damaged() {
    let dir = tempfile::tempdir().unwrap();
    for (name, whole) in songs() {
        let path = dir.path().join(name);
        fs::write(&path, whole).unwrap();
        assert!(matches!(record_file(&path).1, End::Ended(_)), "{name}");
    }
}
