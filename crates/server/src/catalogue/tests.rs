//! The demo catalogue, by its results: what is in it, how it sounds on paper, what its bytes are.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::dsp::{RATE, Stereo, hz};
use super::mix::Mix;
use super::rng::Rng;
use super::score::{self, Note, Sung};
use super::style::{Pad, Pluck};
use super::syllables::{self, Onset, Syllable, Vowel};
use super::voice::{self, Singer};
use super::{DemoSong, Rendition, cover_png, demo, flac, render, strings, synthetic, tones};

/// A short song of every band, so that the tests need not wait for whole ones.
fn short(index: usize) -> DemoSong {
    DemoSong { duration_s: 14, ..demo().unwrap()[index].clone() }
}

fn decoded(flac: &[u8]) -> Vec<i32> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-i", "-", "-f", "s16le", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests decode with ffmpeg");
    let mut input = ffmpeg.stdin.take().unwrap();
    let bytes = flac.to_vec();
    let feeder = std::thread::spawn(move || input.write_all(&bytes));
    let output = ffmpeg.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout.chunks_exact(2).map(|pair| i32::from(i16::from_le_bytes([pair[0], pair[1]]))).collect()
}

fn rms(samples: &[i32]) -> f64 {
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt() / 32_768.0
}

fn in_script(title: &str, language: &str) -> bool {
    let block = match language {
        "hi" => 0x0900..0x0980,
        "bn" => 0x0980..0x0A00,
        "pa" => 0x0A00..0x0A80,
        "ta" => 0x0B80..0x0C00,
        "te" => 0x0C00..0x0C80,
        _ => 0x20..0x250,
    };
    title.chars().any(|character| block.contains(&u32::from(character)) && !character.is_ascii_punctuation())
}

#[test]
fn the_demo_has_enough_of_everything() {
    let songs = demo().unwrap();
    assert!(songs.len() >= 28);
    let mut languages: HashMap<&str, usize> = HashMap::new();
    for song in songs {
        *languages.entry(song.language.as_str()).or_default() += 1;
        assert!(in_script(&song.title, &song.language), "{}", song.title);
        assert!((30..=60).contains(&song.duration_s), "{}", song.title);
        assert!(song.popularity <= 100 && !song.genre.is_empty());
        for part in [song.metadata.energy, song.metadata.danceability] {
            assert!((0.0..=1.0).contains(&part));
        }
        score::write(song).unwrap();
    }
    for language in ["hi", "ta", "te", "bn", "pa", "en"] {
        assert!(languages[language] >= 4, "{language}");
    }
    let distinct = |field: fn(&DemoSong) -> String| songs.iter().map(field).collect::<HashSet<_>>().len();
    assert_eq!(distinct(|song| song.title.clone()), songs.len());
    assert_eq!(distinct(|song| song.seed.to_string()), songs.len());
    assert!(distinct(|song| song.artist.clone()) < songs.len(), "some artists have several songs");
    assert!(songs.iter().filter(|song| song.lyrics.is_some()).count() * 2 > songs.len());
    let sung_along = songs.iter().filter(|song| song.has_instrumental).count();
    assert!(sung_along < songs.len() && sung_along * 4 > songs.len() * 3);
    assert!(songs.iter().any(|song| song.title.contains("दिल")));
    assert!(songs.iter().any(|song| song.title.to_lowercase().contains("monsoon")));
}

#[test]
fn nukta_letters_come_in_both_forms() {
    let songs = demo().unwrap();
    let precomposed =
        |song: &&DemoSong| song.title.chars().any(|letter| ('\u{958}'..='\u{95F}').contains(&letter));
    let decomposed = |song: &&DemoSong| song.title.contains('\u{93C}');
    assert!(songs.iter().filter(precomposed).count() >= 2);
    assert!(songs.iter().filter(decomposed).count() >= 2);
}

#[test]
fn flac_gives_back_exactly_the_samples_it_was_given() {
    for index in [0, 23] {
        let song = short(index);
        let samples = Mix::of(&song).unwrap().samples(Rendition::Original);
        assert_eq!(samples.len(), 14 * 44_100 * 2);
        let bytes = flac::encode(&samples).unwrap();
        assert_eq!(&bytes[..4], b"fLaC");
        assert!(decoded(&bytes) == samples);
    }
}

#[test]
fn a_song_is_exactly_as_long_as_it_says_and_the_same_every_time() {
    let song = &demo().unwrap()[27];
    let bytes = render(song, Rendition::Instrumental).unwrap();
    assert_eq!(decoded(&bytes).len(), song.duration_s as usize * 44_100 * 2);
    let song = short(27);
    assert!(render(&song, Rendition::Original).unwrap() == render(&song, Rendition::Original).unwrap());
    let other = DemoSong { seed: song.seed + 1, ..song.clone() };
    assert!(render(&song, Rendition::Original).unwrap() != render(&other, Rendition::Original).unwrap());
}

#[test]
fn even_a_second_of_song_can_be_made() {
    let song = DemoSong { duration_s: 1, ..short(3) };
    assert_eq!(decoded(&render(&song, Rendition::Original).unwrap()).len(), 88_200);
}

#[test]
fn the_instrumental_is_the_same_take_without_the_lead() {
    for index in [0, 10, 30] {
        let song = &demo().unwrap()[index];
        let mix = Mix::of(song).unwrap();
        let (original, instrumental) =
            (mix.samples(Rendition::Original), mix.samples(Rendition::Instrumental));
        let lead: Vec<i32> =
            original.iter().zip(&instrumental).map(|(with, without)| with - without).collect();
        let notes = score::write(song).unwrap().lead;
        let frame = |seconds: f32| ((seconds * 44_100.0) as usize * 2).min(lead.len());
        // Before the first breath both are the same, sample for sample.
        let before = frame(notes[0].at - 0.4);
        assert!(before > 44_100 && original[..before] == instrumental[..before]);
        assert!(rms(&instrumental[..before]) > 0.02);
        // Where a long note is sung, the lead is what differs.
        let long: Vec<&Sung> = notes.iter().filter(|note| note.len > 0.35).collect();
        assert!(long.len() > 4);
        for note in long {
            assert!(
                rms(&lead[frame(note.at + 0.1)..frame(note.at + note.len - 0.1)]) > 0.02,
                "{}",
                song.title
            );
        }
        // Both are sound all the way.
        for rendition in [&original, &instrumental] {
            let until = rendition.len() - 44_100 * 2 * 2;
            for half_second in rendition[..until].chunks(44_100) {
                assert!(rms(half_second) > 0.003, "{}", song.title);
            }
        }
    }
}

#[test]
fn nothing_of_the_singer_is_left_in_the_instrumental() {
    // Another artist sings the same score to the same band: only the lead changes.
    let song = short(0);
    let other = DemoSong { artist: "Somebody Else".into(), ..song.clone() };
    assert_ne!(Singer::of(&song.artist).lowest_tonic, Singer::of(&other.artist).lowest_tonic);
    let [one, two] = [&song, &other].map(|song| Mix::of(song).unwrap());
    let alike = |rendition| {
        let (a, b) = (one.samples(rendition), two.samples(rendition));
        let product: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        product / (a.len() as f64 * 32_768.0 * 32_768.0 * rms(&a) * rms(&b))
    };
    // Not exactly 1, for the master holds other peaks.
    assert!(alike(Rendition::Instrumental) > 0.999, "{}", alike(Rendition::Instrumental));
    assert!(alike(Rendition::Original) < 0.98, "{}", alike(Rendition::Original));
}

#[test]
fn nothing_clips_nothing_leans_and_all_are_about_as_loud() {
    let loudness: Vec<f64> = [1, 7, 12, 23, 29]
        .map(|index| {
            let samples = Mix::of(&demo().unwrap()[index]).unwrap().samples(Rendition::Original);
            let peak = samples.iter().map(|sample| sample.abs()).max().unwrap();
            // −1 dBFS is 29 204; every song comes near it, none goes over.
            assert!((24_000..=29_210).contains(&peak), "{index}: {peak}");
            let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / samples.len() as f64;
            assert!(mean.abs() < 10.0, "{index}: {mean}");
            assert!(samples[0].abs() < 4 && samples[samples.len() - 1].abs() < 4);
            20.0 * rms(&samples).log10()
        })
        .to_vec();
    let (quiet, loud) =
        loudness.iter().fold((0.0_f64, -100.0_f64), |(low, high), &x| (low.min(x), high.max(x)));
    assert!(loud - quiet < 2.0, "{loudness:?}");
}

#[test]
fn melodies_keep_to_their_scale_and_end_at_home() {
    for song in demo().unwrap() {
        let score = score::write(song).unwrap();
        let scale = score.key.mode.melody;
        let degree = |note: &Sung| (note.pitch as i32 - score.key.tonic).rem_euclid(12);
        assert!(score.lead.iter().all(|note| scale.contains(&degree(note))), "{}", song.title);
        assert_eq!(degree(score.lead.last().unwrap()), 0, "{} ends on its tonic", song.title);
        for pair in score.lead.windows(2) {
            assert!(
                pair[0].at + pair[0].len < pair[1].at + 0.005,
                "{}: one voice sings one note",
                song.title
            );
            // No wider than a sixth in one breath, than a tenth after a new one.
            let allowed = if pair[1].breath { 16.0 } else { 9.0 };
            let leap = (pair[0].pitch - pair[1].pitch).abs();
            assert!(leap <= allowed, "{}: {leap} semitones at {} s", song.title, pair[1].at);
        }
    }
}

/// The frequency of a steady tone: where it is most like itself some twenty periods later.
fn frequency(sound: &[f32], about: f32) -> f32 {
    let window = 6000;
    let period = RATE / about;
    let likeness = |lag: usize| -> f32 { (0..window).map(|at| sound[at] * sound[at + lag]).sum() };
    let periods = (2000.0 / period).round();
    let centre = periods * period;
    // Half a semitone to each side.
    let reach = centre * 0.03;
    let best = ((centre - reach) as usize..=(centre + reach) as usize)
        .max_by(|&a, &b| likeness(a).total_cmp(&likeness(b)))
        .unwrap();
    let (before, peak, after) = (likeness(best - 1), likeness(best), likeness(best + 1));
    let top = best as f32 + 0.5 * (before - after) / (before - 2.0 * peak + after);
    periods * RATE / top
}

#[test]
fn every_instrument_is_in_tune() {
    let mut rng = Rng::new(7, 7);
    for pitch in [50.0_f32, 57.0, 64.0, 71.0] {
        let note = Note { at: 0.0, len: 0.8, pitch, velocity: 0.8, pan: 0.0 };
        let mut check = |name: String, allowed: f32, play: &mut dyn FnMut(&mut Rng, &mut Stereo)| {
            let mut sound = Stereo::new(44_100);
            play(&mut rng, &mut sound);
            let from = 9_000;
            let cents = 1200.0 * (frequency(&sound.left[from..], hz(pitch)) / hz(pitch)).log2();
            assert!(cents.abs() < allowed, "{name} at {pitch} is {cents} cents off");
        };
        for pluck in [Pluck::Guitar, Pluck::Sitar, Pluck::Santoor, Pluck::Veena] {
            check(format!("{pluck:?}"), 5.0, &mut |rng, to| strings::play(pluck, &[note], rng, to));
        }
        check("flute".into(), 6.0, &mut |rng, to| tones::flute(&[note], rng, to));
        check("bass".into(), 2.0, &mut |_, to| tones::bass(&[note], to));
        check("keys".into(), 2.0, &mut |rng, to| tones::pad(Pad::Keys, &[note], rng, to));
        // A voice is never quite still.
        let syllable = Some(Syllable { onset: Onset::Nasal, vowel: Vowel::A });
        let sung =
            Sung { at: 0.0, len: 0.8, pitch, velocity: 0.9, syllable, grace: 0.0, shake: 0.0, breath: false };
        let singer = Singer::of("anybody");
        check("voice".into(), 25.0, &mut |rng, to| {
            to.add(0.0, &voice::sing(&[sung], &singer, rng, 44_100), 1.0, 0.0);
        });
    }
}

#[test]
fn words_are_sung_with_their_own_vowels() {
    let vowels = |text: &str| -> Vec<Vowel> {
        syllables::lines(Some(text), &mut Rng::new(1, 1))[0].iter().map(|syllable| syllable.vowel).collect()
    };
    assert_eq!(vowels("दिल की छत"), [Vowel::I, Vowel::I, Vowel::A]);
    assert_eq!(vowels("மழை ஒன்று"), [Vowel::A, Vowel::E, Vowel::O, Vowel::U]);
    assert_eq!(vowels("নদী এসে"), [Vowel::A, Vowel::I, Vowel::E, Vowel::E]);
    assert_eq!(vowels("monsoon rain"), [Vowel::O, Vowel::O, Vowel::A]);
}

#[test]
fn an_artist_keeps_one_voice() {
    let lowest = |song: &DemoSong| score::write(song).unwrap().singer.lowest_tonic;
    let songs = demo().unwrap();
    let all: HashSet<i32> = songs.iter().map(lowest).collect();
    assert!(all.len() > 2, "there are several voices");
    for song in songs {
        let same = songs.iter().filter(|other| other.artist == song.artist);
        assert!(same.map(lowest).all(|voice| voice == lowest(song)));
    }
}

#[test]
fn an_unknown_key_is_an_error() {
    let mut song = short(0);
    song.metadata.key = "H moll".into();
    assert!(render(&song, Rendition::Original).is_err());
}

#[test]
fn covers_are_pictures_of_the_size_asked_for_and_all_differ() {
    let mut seen = HashSet::new();
    for song in demo().unwrap() {
        let png = cover_png(song, 96).unwrap();
        let picture = tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (96, 96));
        let colours: HashSet<_> =
            picture.pixels().iter().map(|pixel| (pixel.red(), pixel.green(), pixel.blue())).collect();
        assert!(colours.len() > 100, "{} is more than a plain sheet", song.title);
        assert!(picture.pixels().iter().all(|pixel| pixel.alpha() == 255));
        assert_eq!(png, cover_png(song, 96).unwrap());
        assert!(seen.insert(png), "{} has a cover of its own", song.title);
    }
    assert!(cover_png(&demo().unwrap()[0], 0).is_err());
}

#[test]
fn synthetic_songs_are_many_different_and_always_the_same() {
    let songs: Vec<DemoSong> = synthetic(20_000).collect();
    assert_eq!(songs.len(), 20_000);
    assert!(synthetic(50).eq(songs.iter().take(50).cloned()), "song i does not depend on n");
    assert_eq!(songs.iter().map(|song| song.seed).collect::<HashSet<_>>().len(), songs.len());
    assert!(songs.iter().map(|song| &song.title).collect::<HashSet<_>>().len() > 10_000);
    let languages: HashSet<&str> = songs.iter().map(|song| song.language.as_str()).collect();
    assert_eq!(languages.len(), 6);
    assert!(songs.iter().all(|song| in_script(&song.title, &song.language)));
    assert!(songs.iter().any(|song| song.title.contains(['é', 'ā', 'ç'])));
    assert!(songs.iter().all(|song| song.popularity <= 100 && (30..=60).contains(&song.duration_s)));
    for song in songs.iter().take(500) {
        score::write(song).unwrap();
    }
}
