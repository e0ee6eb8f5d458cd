//! Sustained instruments: strings, harmonium, electric piano, bass and flute.

use super::dsp::{Biquad, RATE, Stereo, Table, ease, hz, turn};
use super::rng::Rng;
use super::score::Note;
use super::style::Pad;

/// Plays chords on the sustained instrument.
pub fn pad(kind: Pad, notes: &[Note], rng: &mut Rng, to: &mut Stereo) {
    match kind {
        Pad::Strings => {
            let partials: Vec<f32> = (1_u8..24).map(|n| 1.0 / f32::from(n)).collect();
            let table = Table::new(&partials);
            for note in notes {
                held(&table, note, [0.3, 0.5], 7.0, rng, to);
            }
            to.filter(Biquad::low_pass(1900.0, 0.6));
        }
        Pad::Harmonium => {
            let table =
                Table::new(&[1.0, 0.62, 0.5, 0.36, 0.3, 0.2, 0.17, 0.12, 0.1, 0.06, 0.05, 0.03, 0.03, 0.02]);
            for note in notes {
                held(&table, note, [0.07, 0.16], 3.0, rng, to);
            }
            to.filter(Biquad::low_pass(3200.0, 0.6));
            to.filter(Biquad::peak(900.0, 1.0, 2.0));
        }
        Pad::Keys => {
            for note in notes {
                keys(note, to);
            }
        }
    }
    to.filter(Biquad::high_pass(110.0, 0.7));
}

/// A held note: two slightly mistuned players, one on each side.
fn held(table: &Table, note: &Note, [attack, release]: [f32; 2], cents: f32, rng: &mut Rng, to: &mut Stereo) {
    let frames = ((note.len + release) * RATE) as usize;
    for side in [-1.0_f32, 1.0] {
        let off = side * cents * rng.between(0.7, 1.2) / 100.0;
        let step = turn(hz(note.pitch + off));
        let mut phase = rng.next_u64() as u32;
        let sway = rng.between(0.0, 6.0);
        let sound: Vec<f32> = (0..frames)
            .map(|frame| {
                phase = phase.wrapping_add(step);
                let t = frame as f32 / RATE;
                let level = (t / attack).min(1.0) * ((note.len + release - t) / release).min(1.0);
                // Bows and bellows breathe; a triangle of a few seconds is enough to hear that.
                let breath = 1.0 - 0.12 * ((t * 0.31 + sway).fract() * 2.0 - 1.0).abs();
                table.at(phase) * level * level * breath
            })
            .collect();
        to.add(note.at, &sound, note.velocity * 0.2, (note.pan + side * 0.4).clamp(-1.0, 1.0));
    }
}

/// A bell-like electric piano: one sine bends another, less as it decays.
fn keys(note: &Note, to: &mut Stereo) {
    let sine = Table::new(&[1.0]);
    let frames = ((note.len + 0.3) * RATE) as usize;
    let step = turn(hz(note.pitch));
    let (mut phase, mut tine) = (0_u32, 0_u32);
    let (mut body, mut bell, mut ping) = (1.0_f32, 1.0_f32, 1.0_f32);
    let sound: Vec<f32> = (0..frames)
        .map(|frame| {
            phase = phase.wrapping_add(step);
            tine = tine.wrapping_add(step.wrapping_mul(7));
            body *= 1.0 - 0.55 / RATE;
            bell *= 1.0 - 2.2 / RATE;
            ping *= 1.0 - 14.0 / RATE;
            let bend = (sine.at(phase) * bell * 0.16 + sine.at(tine) * ping * 0.03) * 4_294_967_296.0;
            let t = frame as f32 / RATE;
            let edge = (t / 0.006).min(1.0) * ((note.len + 0.3 - t) / 0.3).min(1.0);
            sine.at(phase.wrapping_add(bend as i64 as u32)) * body * edge
        })
        .collect();
    to.add(note.at, &sound, note.velocity * 0.3, note.pan);
}

/// A round bass.
pub fn bass(notes: &[Note], to: &mut Stereo) {
    let table = Table::new(&[1.0, 0.42, 0.16, 0.08, 0.04]);
    for note in notes {
        let release = 0.09;
        let frames = ((note.len + release) * RATE) as usize;
        let step = turn(hz(note.pitch));
        let mut phase = 0_u32;
        let mut fall = 1.0_f32;
        let sound: Vec<f32> = (0..frames)
            .map(|frame| {
                phase = phase.wrapping_add(step);
                fall *= 1.0 - 1.1 / RATE;
                let t = frame as f32 / RATE;
                let edge = (t / 0.012).min(1.0) * ((note.len + release - t) / release).min(1.0);
                table.at(phase) * edge * (0.35 + 0.65 * fall)
            })
            .collect();
        to.add(note.at, &sound, note.velocity * 0.5, note.pan);
    }
    to.filter(Biquad::low_pass(900.0, 0.6));
}

/// A bamboo flute, for answers and tunes without words.
pub fn flute(notes: &[Note], rng: &mut Rng, to: &mut Stereo) {
    let table = Table::new(&[1.0, 0.3, 0.13, 0.05, 0.02]);
    for note in notes {
        let release = 0.12;
        let frames = ((note.len + release) * RATE) as usize;
        let frequency = hz(note.pitch);
        let step = turn(frequency);
        let mut air = Biquad::default();
        air.tune_band(frequency * 2.0, frequency * 0.6);
        let mut phase = 0_u32;
        let mut wave = 0.0_f32;
        let sound: Vec<f32> = (0..frames)
            .map(|frame| {
                let t = frame as f32 / RATE;
                if frame % 32 == 0 {
                    // Comes up to its pitch from below, then sways.
                    let scoop = -0.012 * (-t / 0.035).exp();
                    wave = scoop + 0.0045 * ease((t - 0.18) / 0.3) * (t * 31.4).sin();
                }
                phase = phase.wrapping_add((step as f32 * (1.0 + wave)) as u32);
                let edge = (t / 0.055).min(1.0) * ((note.len + release - t) / release).min(1.0);
                let breath = air.run(rng.noise()) * (0.5 + 1.4 * (-t / 0.05).exp());
                (table.at(phase) + breath) * edge * edge
            })
            .collect();
        to.add(note.at, &sound, note.velocity * 0.3, note.pan);
    }
}
