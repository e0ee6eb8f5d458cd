//! What a listener would hear, written to files: beside another decoder's opinion.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use melody_e2e::{
    fake::{Dialect, Fake, Song},
    media,
    melody::{Melody, text},
    signal::{RATE, compare},
};

#[test]
fn two_songs_follow_each_other_without_silence_between() {
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
