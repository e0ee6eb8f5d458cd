//! What a listener would hear, written to files: beside another decoder's opinion, and where the file is broken.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use melody_e2e::{
    fake::{Dialect, Fake, Song},
    media,
    melody::{Melody, text},
    settled::{fake, intact, settled},
    signal::{RATE, compare},
};

#[test]
fn two_songs_follow_each_other_without_a_frame_lost_or_added() {
    let first = media::wav(1.5);
    let songs =
        vec![Song::new("Pehla", "wav", Some(first.clone())), Song::new("Doosra", "wav", Some(first.clone()))];
    let fake = Fake::start(Dialect::Green, &[], songs);
    let melody = Melody::on(&fake.address());
    let ids = [melody.ids("Pehla", 1), melody.ids("Doosra", 1)].concat();
    let file = melody.home().join("out.wav");
    melody.json(&["play", &ids[0], &ids[1], "--to", file.to_str().unwrap()]);
    let (heard, ..) = media::wav_floats(&file);
    let once = media::decoded(&fake.sound(0));
    let twice = [once.clone(), once].concat();
    assert_eq!(heard.len(), twice.len());
    let found = compare(&heard, &twice);
    assert!(found.lead == 0 && found.correlation > 0.999 && found.worst.1 > 0.99, "{found:?}");
}

#[test]
fn every_format_is_heard_as_another_decoder_hears_it() {
    let wav = media::wav(3.0);
    let formats: [(&str, &[&str]); 6] = [
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
        ("m4a", &["-c:a", "aac", "-b:a", "192k"]),
        ("flac", &["-c:a", "flac"]),
        ("ogg", &["-c:a", "libvorbis", "-q:a", "6"]),
        ("opus", &["-c:a", "libopus", "-b:a", "160k"]),
        ("wav", &["-c:a", "pcm_s24le"]),
    ];
    let songs = formats
        .iter()
        .map(|(ending, how)| Song::new(ending, ending, Some(media::encoded(&wav, ending, how))))
        .collect();
    let fake = Fake::start(Dialect::Green, &[], songs);
    let melody = Melody::on(&fake.address());
    for (index, (ending, _)) in formats.iter().enumerate() {
        let id = melody.ids(ending, 1).remove(0);
        let file = melody.home().join(format!("{ending}.out.wav"));
        let played = melody.json(&["play", &id, "--to", file.to_str().unwrap()]);
        let (heard, rate, channels) = media::wav_floats(&file);
        assert_eq!((rate, channels), (48_000, 2), "{ending}");
        let meant = media::decoded(&fake.sound(index));
        let found = compare(&heard, &meant);
        assert!(found.correlation >= 0.99 && found.worst.1 >= 0.98, "{ending}: {found:?}");
        let seconds = played["played"][0]["seconds"].as_f64().unwrap();
        assert!((seconds - 3.0).abs() < 0.06, "{ending}: {played}");
        assert!(!text(&played["played"][0]["format"]).is_empty(), "{ending}: {played}");
    }
}

#[test]
fn a_part_of_a_song_is_that_part() {
    let fake = Fake::start(Dialect::Blue, &[], vec![Song::new("Raga", "wav", Some(media::wav(4.0)))]);
    let melody = Melody::on(&fake.address());
    let id = melody.ids("Raga", 1).remove(0);
    let file = melody.home().join("part.wav");
    melody.json(&["play", &id, "--from", "1.5", "--for", "2", "--to", file.to_str().unwrap()]);
    let (heard, ..) = media::wav_floats(&file);
    let whole = media::decoded(&fake.sound(0));
    let meant = &whole[3 * RATE..7 * RATE];
    assert!(heard.len().abs_diff(meant.len()) < RATE / 50, "{} of {}", heard.len(), meant.len());
    // Beginnings and ends may be faded; what lies between may not move.
    let middle = RATE / 10..heard.len().min(meant.len()) - RATE / 10;
    let likeness = melody_e2e::signal::correlation(&heard[middle.clone()], &meant[middle]);
    assert!(likeness > 0.99, "{likeness}");
}

#[test]
fn a_song_without_sound_is_reported_and_the_next_one_plays() {
    let fake = fake();
    let (melody, ids) = settled(&fake);
    let silent = &ids[2];
    let file = melody.home().join("x.wav");
    let file = file.to_str().unwrap();
    let ended = melody.run(&["play", silent, "--to", file]);
    assert_eq!(ended.exit, Some(7), "{ended:?}");
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("NO_AUDIO"), "{ended:?}");
    let played = melody.json(&["play", silent, &ids[0], "--to", file]);
    assert_eq!(played["played"][0]["error"]["code"], "NO_AUDIO", "{played}");
    assert!(played["played"][1]["error"].is_null(), "{played}");
    let downloaded = melody.run(&["download", silent]);
    assert!(
        downloaded.stdout.contains("NO_AUDIO") || downloaded.stderr.contains("NO_AUDIO"),
        "{downloaded:?}"
    );
    intact(&melody);
}

#[test]
fn broken_files_are_reported_and_the_next_one_plays() {
    let wav = media::wav(2.0);
    let mp3 = media::encoded(&wav, "mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]);
    let flac = media::encoded(&wav, "flac", &[]);
    let m4a = media::encoded(&wav, "m4a", &["-c:a", "aac"]);
    let noise: Vec<u8> = (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let songs = vec![
        Song::new("noise as mp3", "mp3", Some(noise.clone())),
        Song::new("nothing", "mp3", Some(Vec::new())),
        Song::new("text", "flac", Some(b"<html>not found</html>".to_vec())),
        Song::new("a head alone", "m4a", Some(m4a[..200].to_vec())),
        Song::new("noise in flac", "flac", Some([&flac[..60], &noise[..]].concat())),
        Song::new("midi", "mid", Some(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0".to_vec())),
        Song::new("good", "mp3", Some(mp3.clone())),
    ];
    let fake = Fake::start(Dialect::Green, &[], songs);
    let melody = Melody::on(&fake.address());
    let ids = melody.all_ids();
    let file = melody.home().join("x.wav");
    let played = melody.play(&ids, &file);
    let rows = played["played"].as_array().unwrap();
    assert_eq!(rows.len(), ids.len(), "{played}");
    for (row, id) in rows.iter().zip(&ids) {
        assert_eq!(row["song_id"], id.as_str(), "out of order: {played}");
    }
    for row in &rows[..6] {
        let code = row["error"]["code"].as_str().unwrap_or("none");
        assert!(matches!(code, "BAD_AUDIO" | "UNSUPPORTED_FORMAT"), "{row}");
        assert!(row["error"]["message"].as_str().unwrap().contains(' '), "{row}");
    }
    assert!(rows[6]["error"].is_null(), "{played}");
    let (heard, ..) = media::wav_floats(&file);
    assert!(heard.iter().any(|sample| sample.abs() > 0.1), "the good one was not heard");
    // Alone, a broken one is the exit of sound.
    assert_eq!(melody.run(&["play", &ids[0], "--to", file.to_str().unwrap()]).exit, Some(7));
}

#[test]
fn a_truncated_file_of_any_format_is_heard_as_far_as_it_goes_and_told() {
    let wav = media::wav(4.0);
    let formats: [(&str, &[&str]); 7] = [
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]),
        ("m4a", &["-c:a", "aac", "-movflags", "+faststart"]),
        ("aac", &["-c:a", "aac"]),
        ("flac", &[]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("wav", &["-c:a", "pcm_s16le"]),
    ];
    let songs = formats.map(|(format, options)| {
        let whole = media::encoded(&wav, format, options);
        Song::new(&format!("half of {format}"), format, Some(whole[..whole.len() / 2].to_vec()))
    });
    let fake = Fake::start(Dialect::Green, &[], songs.to_vec());
    let melody = Melody::on(&fake.address());
    let file = melody.home().join("half.wav");
    for id in melody.all_ids() {
        let told = melody.fails(&["play", &id, "--to", file.to_str().unwrap()], 7, "BAD_AUDIO");
        let (heard, ..) = media::wav_floats(&file);
        let seconds = heard.len() as f64 / 2.0 / 48_000.0;
        // A page of Ogg is a second, and counts only whole.
        assert!((0.9..2.5).contains(&seconds), "{seconds} s heard: {}", told.message);
    }
}

#[test]
fn a_start_past_the_end_is_told() {
    let mp3 = media::encoded(&media::wav(2.0), "mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]);
    let fake = Fake::start(Dialect::Green, &[], vec![Song::new("short", "mp3", Some(mp3))]);
    let melody = Melody::on(&fake.address());
    let id = melody.ids("short", 1).remove(0);
    melody.fails(&["play", &id, "--to", "null", "--from", "60"], 2, "VALIDATION_ERROR");
}
