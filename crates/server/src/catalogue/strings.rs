//! Plucked and struck strings: a burst of noise that runs round a delay as long as the note's wave (Karplus–Strong).

use super::dsp::{Biquad, RATE, Stereo, TINY, ease, gain, hz};
use super::rng::Rng;
use super::score::Note;
use super::style::Pluck;

/// What tells one string instrument from another.
struct Timbre {
    /// 0 is a soft thumb, 1 a hard plectrum.
    bright: f32,
    /// Seconds to fall by 60 dB, at middle C.
    ring_s: f32,
    /// Where the string is plucked, as a part of its length.
    place: f32,
    /// How much the bridge buzzes.
    buzz: f32,
    /// Cents between the two strings of a pair, 0 for a single one.
    pair: f32,
    /// Seconds it goes on after it is let go.
    after_s: f32,
}

fn timbre(pluck: Pluck) -> Timbre {
    match pluck {
        Pluck::Guitar => {
            Timbre { bright: 0.42, ring_s: 2.6, place: 0.19, buzz: 0.0, pair: 0.0, after_s: 0.5 }
        }
        Pluck::Sitar => Timbre { bright: 0.7, ring_s: 3.2, place: 0.11, buzz: 0.22, pair: 0.0, after_s: 0.9 },
        Pluck::Santoor => {
            Timbre { bright: 0.62, ring_s: 2.8, place: 0.14, buzz: 0.0, pair: 5.0, after_s: 1.4 }
        }
        Pluck::Veena => Timbre { bright: 0.5, ring_s: 4.2, place: 0.15, buzz: 0.08, pair: 0.0, after_s: 1.0 },
        Pluck::Tumbi => {
            Timbre { bright: 0.85, ring_s: 0.9, place: 0.08, buzz: 0.12, pair: 0.0, after_s: 0.15 }
        }
    }
}

/// Plays notes on an instrument.
pub fn play(pluck: Pluck, notes: &[Note], rng: &mut Rng, to: &mut Stereo) {
    let timbre = timbre(pluck);
    for note in notes {
        let sound = string(&timbre, note, rng);
        to.add(note.at, &sound, note.velocity, note.pan);
        if timbre.pair > 0.0 {
            let twin = Note { pitch: note.pitch + timbre.pair / 100.0, ..*note };
            let sound = string(&timbre, &twin, rng);
            to.add(note.at + 0.002, &sound, note.velocity * 0.8, note.pan - 0.2);
        }
    }
    // The hollow body under the strings.
    match pluck {
        Pluck::Guitar => {
            to.filter(Biquad::peak(205.0, 1.4, 3.5));
            to.filter(Biquad::high_shelf(4200.0, -6.0));
        }
        Pluck::Veena => to.filter(Biquad::peak(320.0, 1.2, 4.0)),
        Pluck::Sitar | Pluck::Tumbi => to.filter(Biquad::peak(640.0, 1.0, 3.0)),
        Pluck::Santoor => to.filter(Biquad::high_shelf(5200.0, -3.0)),
    }
    to.filter(Biquad::high_pass(90.0, 0.7));
}

/// The tanpura: long open strings whose overtones bloom.
pub fn tanpura(notes: &[Note], rng: &mut Rng, to: &mut Stereo) {
    let timbre = Timbre { bright: 0.5, ring_s: 7.0, place: 0.3, buzz: 0.35, pair: 0.0, after_s: 0.4 };
    for note in notes {
        let sound = string(&timbre, note, rng);
        to.add(note.at, &sound, note.velocity, note.pan);
    }
    to.filter(Biquad::high_shelf(3500.0, -7.0));
    to.filter(Biquad::high_pass(80.0, 0.7));
}

fn string(timbre: &Timbre, note: &Note, rng: &mut Rng) -> Vec<f32> {
    let period = RATE / hz(note.pitch);
    // Hard strokes are brighter; high strings ring shorter.
    let bright = (timbre.bright * (0.7 + 0.4 * note.velocity)).clamp(0.05, 0.95);
    let blend = 0.5 - 0.42 * bright;
    let whole = (period - blend).floor().max(2.0);
    let part = period - blend - whole;
    let length = whole as usize;
    let ring = timbre.ring_s * (261.6 / hz(note.pitch)).powf(0.45);
    let keep = gain(-60.0 * period / (RATE * ring));

    let mut burst: Vec<f32> = (0..length).map(|_| rng.noise()).collect();
    let soft = 0.15 + 0.8 * bright;
    for _ in 0..2 {
        let mut held = burst[length - 1];
        for sample in &mut burst {
            held += soft * (*sample - held);
            *sample = held;
        }
    }
    let back = (length as f32 * timbre.place) as usize;
    let mut line: Vec<f32> = (0..length).map(|index| burst[index] - burst[(index + back) % length]).collect();
    let mean = line.iter().sum::<f32>() / length as f32;
    let power = line.iter().map(|sample| (sample - mean).powi(2)).sum::<f32>() / length as f32;
    let scale = 0.3 / power.sqrt().max(1e-6);
    for sample in &mut line {
        *sample = (*sample - mean) * scale;
    }

    let frames = ((note.len + timbre.after_s) * RATE) as usize;
    let release = (timbre.after_s * RATE).max(1.0);
    let mut sound = Vec::with_capacity(frames);
    let (mut place, mut before, mut last) = (0, 0.0_f32, 0.0_f32);
    let mut dull = 0.0_f32;
    for frame in 0..frames {
        let now = line[place];
        // Between two samples of the delay, so that the pitch is exact.
        let between = before * part + now * (1.0 - part);
        before = now;
        let filtered = (between * (1.0 - blend) + last * blend) * keep + TINY;
        last = between;
        line[place] = filtered;
        place = if place + 1 == length { 0 } else { place + 1 };
        let mut sample = between;
        if timbre.buzz > 0.0 {
            let grown = (sample * 5.0).tanh();
            dull += 0.12 * (grown - dull);
            sample += timbre.buzz * (grown - dull);
        }
        let left = (frames - frame) as f32 / release;
        let attack = (frame as f32 / 40.0).min(1.0);
        sound.push(sample * attack * if left < 1.0 { ease(left) } else { 1.0 });
    }
    sound
}
