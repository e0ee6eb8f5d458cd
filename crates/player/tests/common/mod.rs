//! What the player's tests share: a signal, files made of it with ffmpeg, a listener, and the comparison of what was heard.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod compare;
pub mod gate;
pub mod hand;
pub mod standstill;
pub mod suite;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use melody_player::{Error, Event, PlayOptions, Player, RequestId, SinkKind, Source};

pub const ONE: RequestId = RequestId(1);
pub const TWO: RequestId = RequestId(2);
/// Long enough that only a bug reaches it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Stereo, interleaved: slow sweeps that never repeat themselves, another one on each side, not too loud for any codec.
pub fn signal(seconds: f64, rate: u32) -> Vec<f32> {
    let count = (seconds * f64::from(rate)).round() as usize;
    (0..count)
        .flat_map(|n| {
            let t = n as f64 / f64::from(rate);
            let sweep = |low: f64, slope: f64| (TAU * (low * t + slope * t * t / 2.0)).sin();
            let beat = 0.6 + 0.4 * (TAU * 0.7 * t).sin();
            let left = 0.3 * beat * sweep(220.0, 190.0) + 0.1 * sweep(1_500.0, -110.0);
            let right = 0.3 * beat * sweep(330.0, 150.0) + 0.1 * sweep(900.0, 130.0);
            [left as f32, right as f32]
        })
        .collect()
}

/// Writes 32-bit float samples.
pub fn write_wav(path: &Path, samples: &[f32], rate: u32, channels: u16) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        wav.write_sample(sample).unwrap();
    }
    wav.finalize().unwrap();
}

/// Reads what the recorder wrote.
pub fn read_wav(path: &Path) -> Vec<f32> {
    let mut wav = hound::WavReader::open(path).unwrap();
    let spec = wav.spec();
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample, spec.sample_format),
        (2, 48_000, 32, hound::SampleFormat::Float)
    );
    wav.samples().map(Result::unwrap).collect()
}

/// Encodes with ffmpeg.
pub fn encode(from: &Path, to: &Path, options: &[&str]) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(from)
        .args(options)
        .arg(to)
        .output()
        .expect("the tests make their files with ffmpeg: install it");
    assert!(done.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&done.stderr));
}

/// The signal as a file of any format: `name` has the ending, `options` are ffmpeg's.
pub fn song(dir: &Path, name: &str, seconds: f64, rate: u32, options: &[&str]) -> PathBuf {
    let plain = dir.join(format!("{name}.source.wav"));
    write_wav(&plain, &signal(seconds, rate), rate, 2);
    let path = dir.join(name);
    encode(&plain, &path, options);
    path
}

/// The next event that `wanted` finds something in. Panics when the player has closed or nothing comes.
pub fn wait<T>(events: &Receiver<Event>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("the awaited event never came");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

/// How a song went out.
#[derive(Debug, PartialEq)]
pub enum End {
    Ended(Duration),
    Stopped(Duration),
    Failed(Error, Duration),
}

pub fn end_of(events: &Receiver<Event>, song: RequestId) -> End {
    wait(events, |event| match event {
        Event::Ended { request, heard } if *request == song => Some(End::Ended(*heard)),
        Event::Stopped { request, heard } if *request == song => Some(End::Stopped(*heard)),
        Event::Failed { request, error, heard } if *request == song => {
            Some(End::Failed(error.clone(), *heard))
        }
        _ => None,
    })
}

pub fn started(events: &Receiver<Event>) -> melody_player::Format {
    wait(events, |event| match event {
        Event::Started { format, .. } => Some(format.clone()),
        Event::Failed { error, .. } => panic!("{error}"),
        _ => None,
    })
}

/// Shuts down and waits for the last word.
pub fn close(player: &Player, events: &Receiver<Event>) -> Option<Error> {
    player.shutdown();
    wait(events, |event| match event {
        Event::Closed { error } => Some(error.clone()),
        _ => None,
    })
}

/// Plays one source to its end into a recording; returns what was recorded and how it ended.
pub fn record(source: Source, options: PlayOptions) -> (Vec<f32>, End) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.wav");
    let (player, events) = Player::new(SinkKind::Recorder(path.clone())).unwrap();
    player.play(ONE, source, options);
    let end = end_of(&events, ONE);
    assert_eq!(close(&player, &events), None);
    // Of nothing there is no recording.
    (if path.exists() { read_wav(&path) } else { Vec::new() }, end)
}

pub fn record_file(path: &Path) -> (Vec<f32>, End) {
    record(Source::file(path).unwrap(), PlayOptions::default())
}
