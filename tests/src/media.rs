//! Sound files: made here or by ffmpeg, and decoded by ffmpeg, which is not our decoder.

use std::{
    io::{Cursor, Read, Write},
    process::{Command, Stdio},
    thread,
};

use crate::signal::RATE;

/// A WAV file of a sound that rises through the voice's range: 48 kHz, two channels, 16 bit.
pub fn wav(seconds: f64) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    let mut phase = 0.0_f64;
    for frame in 0..(seconds * RATE as f64) as usize {
        let at = frame as f64 / RATE as f64;
        phase += (220.0 + 300.0 * at) / RATE as f64;
        let beat = 0.6 + 0.4 * (at * 7.0).sin();
        let sample = (phase * std::f64::consts::TAU).sin() * beat * 12_000.0;
        writer.write_sample(sample as i16).unwrap();
        writer.write_sample((sample * 0.7) as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// `sound` in another format, by ffmpeg: `("mp3", &["-c:a", "libmp3lame"])`.
pub fn encoded(sound: &[u8], container: &str, how: &[&str]) -> Vec<u8> {
    let file = tempfile::Builder::new().suffix(&format!(".{container}")).tempfile().unwrap();
    let mut command = ffmpeg();
    command.args(["-y", "-i", "-"]).args(how).arg(file.path());
    piped(&mut command, sound);
    std::fs::read(file.path()).unwrap()
}

/// What ffmpeg hears in a file or at an address: 48 kHz, two channels, interleaved.
pub fn decoded(from: &str) -> Vec<f32> {
    let mut command = ffmpeg();
    command.args(["-i", from, "-f", "f32le", "-ar", &RATE.to_string(), "-ac", "2", "-"]);
    samples(&piped(&mut command, &[]))
}

/// Samples from the bytes of 32-bit floats.
pub fn samples(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&sample| f32::from_le_bytes(sample)).collect()
}

/// What a WAV file of 32-bit floats holds, and its rate and channels.
pub fn wav_floats(path: &std::path::Path) -> (Vec<f32>, u32, u16) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!(spec.sample_format, hound::SampleFormat::Float, "{spec:?}");
    assert_eq!(spec.bits_per_sample, 32, "{spec:?}");
    let samples = reader.samples::<f32>().map(Result::unwrap).collect();
    (samples, spec.sample_rate, spec.channels)
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error"]);
    command
}

fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("ffmpeg does not start ({error}): cargo xtask setup installs it"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = thread::spawn(move || {
        // ffmpeg may know enough before the end.
        let _ = stdin.write_all(&input);
    });
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    feeding.join().unwrap();
    assert!(child.wait().unwrap().success(), "{command:?} failed");
    out
}
