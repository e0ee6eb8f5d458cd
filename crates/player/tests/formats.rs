//! Every format, through the whole player into a recording: the right length, the right sound, nothing before or after it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use common::compare::{correlation, lag, snr, worst_piece};
use common::{End, ONE, TWO, close, end_of, read_wav, record, record_file, signal, song, write_wav};
use melody_player::{Event, PlayOptions, Player, SinkKind, Source};

/// Plays the file and compares with the signal at 48 kHz. `exact` is how many frames the length may be off.
fn check(name: &str, rate: u32, seconds: f64, options: &[&str], exact: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = song(dir.path(), name, seconds, rate, options);
    let (heard, end) = record_file(&path);
    let wanted = signal(seconds, 48_000);
    let (frames, due) = (heard.len() / 2, wanted.len() / 2);
    assert!(frames.abs_diff(due) <= exact, "{name}: {frames} frames instead of {due}");
    let (late, best) = lag(&heard[..48_000], &wanted[..48_000], 100);
    assert_eq!(late, 0, "{name} begins {late} frames late (correlation {best:.4})");
    let all = correlation(&heard, &wanted);
    assert!(all >= 0.99, "{name}: correlation {all:.4}");
    let worst = worst_piece(&heard, &wanted, 4_800);
    assert!(worst >= 0.95, "{name}: somewhere the correlation is only {worst:.4}");
    let End::Ended(heard_time) = end else { panic!("{name}: {end:?}") };
    assert!(heard_time.as_secs_f64() - frames as f64 / 48_000.0 < 1e-6, "{name}: {heard_time:?}");
}

#[test]
fn mp3() {
    check("a.mp3", 44_100, 4.0, &["-b:a", "192k"], 1);
    check("b.mp3", 48_000, 4.3, &["-q:a", "2"], 1);
}

#[test]
fn aac_in_m4a() {
    check("a.m4a", 44_100, 4.0, &["-c:a", "aac", "-b:a", "192k"], 1);
    check("b.m4a", 48_000, 3.777, &["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"], 1);
}

#[test]
fn aac_in_adts() {
    // Raw AAC does not say where its last frame's music ends: up to one frame of filling stays.
    check("a.aac", 48_000, 4.0, &["-c:a", "aac", "-b:a", "192k"], 1_024);
}

#[test]
fn flac() {
    check("a.flac", 44_100, 4.0, &[], 0);
    check("b.flac", 96_000, 2.5, &[], 0);
}

#[test]
fn ogg_vorbis() {
    check("a.ogg", 44_100, 4.0, &["-c:a", "libvorbis", "-q:a", "6"], 1);
}

#[test]
fn opus() {
    check("a.opus", 48_000, 4.0, &["-c:a", "libopus", "-b:a", "160k"], 1);
}

#[test]
fn wav() {
    check("a.wav", 44_100, 4.0, &["-c:a", "pcm_s16le"], 0);
    check("b.wav", 22_050, 4.0, &["-c:a", "pcm_s24le"], 0);
    check("c.wav", 48_000, 2.0, &["-c:a", "pcm_u8"], 0);
}

#[test]
fn alac() {
    check("alac.m4a", 44_100, 2.0, &["-c:a", "alac"], 0);
}

#[test]
fn at_the_outputs_rate_every_bit_stays() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = signal(3.0, 48_000);
    let path = dir.path().join("a.wav");
    write_wav(&path, &wanted, 48_000, 2);
    let (heard, _) = record_file(&path);
    assert!(heard == wanted, "float samples came out changed");

    let path = song(dir.path(), "b.flac", 3.0, 48_000, &["-sample_fmt", "s16"]);
    let (heard, _) = record_file(&path);
    let (heard_s16, exact): (Vec<i16>, bool) = (
        heard.iter().map(|s| (s * 32_768.0) as i16).collect(),
        heard.iter().all(|s| (s * 32_768.0).fract() == 0.0),
    );
    assert!(exact, "16-bit samples came out between the steps");
    let close = heard_s16.iter().zip(&wanted).all(|(&a, &b)| (f32::from(a) - b * 32_768.0).abs() <= 2.0);
    assert!(close && heard.len() == wanted.len());
}

#[test]
fn resampling_is_cleaner_than_ninety_decibels() {
    let tone = |hz: f64, rate: u32, seconds: f64| -> Vec<f32> {
        (0..(seconds * f64::from(rate)) as usize)
            .flat_map(|n| [(0.5 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin()) as f32; 2])
            .collect()
    };
    let dir = tempfile::tempdir().unwrap();
    for rate in [44_100, 32_000, 96_000] {
        for hz in [100.0, 997.0, 9_000.0] {
            let path = dir.path().join("tone.wav");
            write_wav(&path, &tone(hz, rate, 1.5), rate, 2);
            let (heard, _) = record_file(&path);
            let wanted = tone(hz, 48_000, 1.5);
            assert_eq!(heard.len(), wanted.len());
            // The filter rings at a tone's abrupt ends; between them it must be clean.
            let middle = 9_600..wanted.len() - 9_600;
            let clean = snr(&heard[middle.clone()], &wanted[middle]);
            assert!(clean >= 90.0, "{hz} Hz from {rate} Hz: {clean:.1} dB");
        }
    }
}

#[test]
fn what_the_output_cannot_carry_is_filtered_not_folded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("high.wav");
    let high: Vec<f32> = (0..96_000)
        .flat_map(|n| [(0.5 * (std::f64::consts::TAU * 30_000.0 * f64::from(n) / 96_000.0).sin()) as f32; 2])
        .collect();
    write_wav(&path, &high, 96_000, 2);
    let (heard, _) = record_file(&path);
    let middle = &heard[9_600..heard.len() - 9_600];
    let loudest = middle.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
    assert!(loudest < 0.5e-4, "30 kHz folds back at {loudest}");
}

#[test]
fn mono_and_surround_become_stereo() {
    let dir = tempfile::tempdir().unwrap();
    let left: Vec<f32> = signal(1.0, 48_000).chunks(2).map(|frame| frame[0]).collect();
    let path = dir.path().join("mono.wav");
    write_wav(&path, &left, 48_000, 1);
    let (heard, _) = record_file(&path);
    assert!(heard.chunks(2).zip(&left).all(|(frame, &sample)| frame == [sample, sample]));

    // 5.1: a sound on the left, the centre and the subwoofer each alone.
    let surround = |channel: usize| {
        let path = dir.path().join("surround.wav");
        let samples: Vec<f32> = left
            .iter()
            .flat_map(|&sample| std::array::from_fn::<_, 6, _>(|n| if n == channel { sample } else { 0.0 }))
            .collect();
        write_wav(&path, &samples, 48_000, 6);
        let (heard, _) = record_file(&path);
        let power = |side: usize| heard.chunks(2).map(|frame| f64::from(frame[side]).powi(2)).sum::<f64>();
        (power(0), power(1))
    };
    let (front, none) = surround(0);
    assert!(front > 100.0 && none == 0.0, "front left: {front}, {none}");
    let (a, b) = surround(2);
    assert!(a == b && (a / front - 0.5).abs() < 0.01, "centre: {a}, {b} beside {front}");
    assert_eq!(surround(3), (0.0, 0.0), "the subwoofer's channel");
}

#[test]
fn only_the_asked_part() {
    let dir = tempfile::tempdir().unwrap();
    let path = song(dir.path(), "a.flac", 6.0, 48_000, &[]);
    let options = PlayOptions {
        from: Duration::from_millis(2_500),
        stop_after: Some(Duration::from_millis(1_250)),
        ..PlayOptions::default()
    };
    let (heard, end) = record(Source::file(&path).unwrap(), options);
    assert_eq!(end, End::Ended(Duration::from_millis(1_250)));
    assert_eq!(heard.len(), 60_000 * 2);
    let wanted = &signal(6.0, 48_000)[120_000 * 2..180_000 * 2];
    // After the 5 ms fade in.
    let clean = snr(&heard[480..], &wanted[480..]);
    assert!(clean > 80.0, "{clean:.1} dB");
}

#[test]
fn songs_follow_each_other_without_a_hole() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (signal(1.0, 48_000), signal(1.7, 48_000));
    write_wav(&dir.path().join("1.wav"), &first, 48_000, 2);
    write_wav(&dir.path().join("2.wav"), &second, 48_000, 2);
    let path = dir.path().join("out.wav");
    let (player, events) = Player::new(SinkKind::Recorder(path.clone())).unwrap();
    for (request, name) in [(ONE, "1.wav"), (TWO, "2.wav")] {
        player.play(request, Source::file(dir.path().join(name)).unwrap(), PlayOptions::default());
        assert!(matches!(end_of(&events, request), End::Ended(_)));
        // The file can be read while the player still runs.
        assert_eq!(
            read_wav(&path).len(),
            if request == ONE { first.len() } else { first.len() + second.len() }
        );
    }
    assert_eq!(close(&player, &events), None);
    assert!(read_wav(&path) == [first, second].concat());
}

#[test]
fn a_format_is_described() {
    let dir = tempfile::tempdir().unwrap();
    for (name, options, wanted) in [
        ("a.flac", &["-sample_fmt", "s16"][..], ("FLAC", "flac", Some(16))),
        ("a.mp3", &["-b:a", "128k"], ("MP3", "mp3", None)),
        ("a.m4a", &["-c:a", "aac"], ("AAC", "aac", None)),
        ("a.ogg", &["-c:a", "libvorbis"], ("Ogg Vorbis", "vorbis", None)),
        ("a.wav", &["-c:a", "pcm_s16le"], ("WAV", "pcm_s16le", Some(16))),
    ] {
        let path = song(dir.path(), name, 2.0, 44_100, options);
        let (player, events) = Player::new(SinkKind::Null).unwrap();
        player.play(
            ONE,
            Source::file(&path).unwrap(),
            PlayOptions { paused: true, ..PlayOptions::default() },
        );
        let (format, duration, seekable) = common::wait(&events, |event| match event {
            Event::Opened { format, duration, seekable, .. } => Some((format.clone(), *duration, *seekable)),
            _ => None,
        });
        assert_eq!((format.name.as_str(), format.codec.as_str(), format.bits), wanted);
        assert_eq!((format.sample_rate, format.channels, seekable), (44_100, 2, true));
        let seconds = duration.unwrap().as_secs_f64();
        assert!((seconds - 2.0).abs() < 0.001, "{name}: {seconds} s");
        let bits = f64::from(format.bitrate.unwrap());
        let size = std::fs::metadata(&path).unwrap().len() as f64;
        assert!((bits * seconds / 8.0 / size - 1.0).abs() < 0.01, "{name}: {bits} bits/s");
    }
}
