//! Drum sounds: each stroke is a handful of decaying tones and a little noise, made once and played many times.

use std::f32::consts::TAU;

use super::dsp::{Biquad, RATE, Stereo, hz};
use super::rhythm::{Drum, Hit};
use super::rng::Rng;

/// Plays strokes; the tuned head follows the tonic.
pub fn play(hits: &[Hit], tonic: i32, rng: &mut Rng, to: &mut Stereo) {
    const ALL: [Drum; 13] = [
        Drum::Na,
        Drum::Tin,
        Drum::Te,
        Drum::Ge,
        Drum::Ka,
        Drum::Deep,
        Drum::Cane,
        Drum::Kick,
        Drum::Snare,
        Drum::Rim,
        Drum::Hat,
        Drum::Shaker,
        Drum::Bell,
    ];
    let tonic_hz = hz((57 + (tonic - 57).rem_euclid(12)) as f32);
    for drum in ALL {
        let mut strokes = hits.iter().filter(|hit| hit.drum == drum).peekable();
        if strokes.peek().is_none() {
            continue;
        }
        let (level, pan) = place(drum);
        let sounds = [sound(drum, tonic_hz, rng), sound(drum, tonic_hz * 1.003, rng)];
        for (index, hit) in strokes.enumerate() {
            to.add(hit.at, &sounds[index % 2], level * hit.velocity.powf(1.3), pan);
        }
    }
}

/// Level and place of a drum within its kit.
fn place(drum: Drum) -> (f32, f32) {
    match drum {
        Drum::Na => (0.55, 0.22),
        Drum::Tin => (0.5, 0.22),
        Drum::Te => (0.36, 0.26),
        Drum::Ge => (0.95, -0.18),
        Drum::Ka => (0.4, -0.2),
        Drum::Deep => (1.0, -0.1),
        Drum::Cane => (0.42, 0.2),
        Drum::Kick => (0.95, 0.0),
        Drum::Snare => (0.5, 0.05),
        Drum::Rim => (0.4, 0.15),
        Drum::Hat => (0.17, -0.3),
        Drum::Shaker => (0.2, 0.4),
        Drum::Bell => (0.12, 0.45),
    }
}

/// A decaying tone: frequency, level, seconds to fall to a third.
type Tone = (f32, f32, f32);

fn tones(into: &mut [f32], parts: &[Tone]) {
    for &(frequency, level, fall) in parts {
        let step = TAU * frequency / RATE;
        for (frame, sample) in into.iter_mut().enumerate() {
            let t = frame as f32 / RATE;
            *sample += level * (step * frame as f32).sin() * (-t / fall).exp();
        }
    }
}

/// A tone whose pitch moves from one frequency to another.
fn glide(into: &mut [f32], from: f32, to: f32, speed: f32, level: f32, fall: f32) {
    let mut phase = 0.0_f32;
    for (frame, sample) in into.iter_mut().enumerate() {
        let t = frame as f32 / RATE;
        phase += (to + (from - to) * (-t / speed).exp()) / RATE;
        *sample += level * (TAU * phase).sin() * (-t / fall).exp();
    }
}

fn noise(into: &mut [f32], mut filter: Biquad, level: f32, fall: f32, rng: &mut Rng) {
    for (frame, sample) in into.iter_mut().enumerate() {
        let t = frame as f32 / RATE;
        *sample += filter.run(rng.noise()) * level * (-t / fall).exp();
    }
}

fn band(frequency: f32, width: f32) -> Biquad {
    let mut filter = Biquad::default();
    filter.tune_band(frequency, width);
    filter
}

fn sound(drum: Drum, tonic: f32, rng: &mut Rng) -> Vec<f32> {
    let seconds = match drum {
        Drum::Ge | Drum::Tin | Drum::Deep => 0.9,
        Drum::Bell => 1.4,
        Drum::Na | Drum::Kick => 0.6,
        _ => 0.25,
    };
    let mut s = vec![0.0; (seconds * RATE) as usize];
    let f = tonic;
    match drum {
        Drum::Na => {
            tones(
                &mut s,
                &[
                    (f, 0.18, 0.05),
                    (f * 2.0, 0.8, 0.13),
                    (f * 3.01, 0.5, 0.1),
                    (f * 4.02, 0.3, 0.06),
                    (f * 5.04, 0.16, 0.04),
                ],
            );
            noise(&mut s, band(2600.0, 1800.0), 1.2, 0.006, rng);
        }
        Drum::Tin => {
            tones(&mut s, &[(f, 0.8, 0.26), (f * 2.01, 0.3, 0.16), (f * 3.02, 0.14, 0.1)]);
            noise(&mut s, band(1800.0, 1500.0), 0.7, 0.005, rng);
        }
        Drum::Te => {
            tones(&mut s, &[(f * 1.5, 0.25, 0.018), (f * 2.7, 0.15, 0.014)]);
            noise(&mut s, band(1400.0, 1300.0), 1.6, 0.016, rng);
        }
        Drum::Ge => {
            glide(&mut s, 68.0, 92.0, 0.16, 1.0, 0.24);
            glide(&mut s, 138.0, 186.0, 0.16, 0.22, 0.1);
            noise(&mut s, Biquad::low_pass(700.0, 0.7), 0.5, 0.008, rng);
        }
        Drum::Ka => noise(&mut s, Biquad::low_pass(1100.0, 0.8), 1.5, 0.02, rng),
        Drum::Deep => {
            glide(&mut s, 104.0, 66.0, 0.05, 1.0, 0.22);
            noise(&mut s, Biquad::low_pass(1600.0, 0.7), 0.8, 0.012, rng);
        }
        Drum::Cane => {
            tones(&mut s, &[(430.0, 0.5, 0.03), (690.0, 0.3, 0.025)]);
            noise(&mut s, band(2300.0, 2200.0), 1.5, 0.013, rng);
        }
        Drum::Kick => {
            glide(&mut s, 135.0, 50.0, 0.035, 1.0, 0.17);
            noise(&mut s, Biquad::low_pass(2400.0, 0.7), 0.25, 0.004, rng);
        }
        Drum::Snare => {
            tones(&mut s, &[(188.0, 0.5, 0.06), (331.0, 0.25, 0.04)]);
            noise(&mut s, band(3200.0, 4200.0), 0.9, 0.07, rng);
        }
        Drum::Rim => {
            tones(&mut s, &[(1660.0, 0.5, 0.012), (820.0, 0.35, 0.018)]);
            noise(&mut s, band(2600.0, 2600.0), 0.5, 0.008, rng);
        }
        Drum::Hat => noise(&mut s, Biquad::high_pass(7200.0, 0.8), 1.0, 0.028, rng),
        Drum::Shaker => {
            noise(&mut s, band(6200.0, 3800.0), 1.6, 0.03, rng);
            let soft = (RATE * 0.022) as usize;
            for (frame, sample) in s.iter_mut().take(soft).enumerate() {
                *sample *= frame as f32 / soft as f32;
            }
        }
        Drum::Bell => tones(
            &mut s,
            &[(2630.0, 0.5, 0.32), (3517.0, 0.35, 0.26), (4702.0, 0.25, 0.2), (6280.0, 0.12, 0.12)],
        ),
    }
    // No click where a sound stops, none where it starts.
    let count = s.len();
    for (frame, sample) in s.iter_mut().enumerate() {
        let left = (count - frame) as f32 / (RATE * 0.05);
        *sample *= left.min(1.0) * (frame as f32 / 12.0).min(1.0);
    }
    s
}
