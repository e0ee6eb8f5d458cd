//! The accompaniment's notes: pads, broken chords, bass, drone and the answers between phrases.

use super::melody::Tone;
use super::rng::Rng;
use super::score::{Bar, Grid, Note, Section};
use super::style::{Kit, Metre, Pluck, Style};
use super::theory::Key;

/// One long chord a bar; neighbours with the same chord are tied. The last one rings to the end.
pub fn pads(grid: &Grid, bars: &[Bar], voicings: &[[i32; 4]], duration: f32) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for (index, (bar, voicing)) in bars.iter().zip(voicings).enumerate() {
        let velocity = match bar.section {
            Section::Intro | Section::Outro => 0.75,
            Section::Verse => 0.8,
            Section::Chorus => 1.0,
            Section::End => 0.85,
        };
        let at = grid.at(index, 0);
        let until = if bar.section == Section::End { duration } else { at + grid.bar_s() };
        for (voice, &pitch) in voicing.iter().enumerate() {
            notes.push(Note {
                at,
                len: until - at + 0.05,
                pitch: pitch as f32,
                velocity,
                pan: [-0.45, 0.3, -0.15, 0.5][voice],
            });
        }
    }
    notes
}

/// Broken chords, strummed or picked; a riff on the tonic for a tumbi.
pub fn plucked(grid: &Grid, bars: &[Bar], voicings: &[[i32; 4]], style: &Style, rng: &mut Rng) -> Vec<Note> {
    // Places are (step, voice); voices past 3 are an octave up.
    const FOUR: [[(usize, usize); 8]; 3] = [
        [(0, 0), (2, 1), (4, 2), (6, 3), (8, 1), (10, 2), (12, 4), (14, 2)],
        [(0, 0), (3, 2), (4, 1), (6, 3), (8, 2), (11, 4), (12, 3), (14, 1)],
        [(0, 0), (2, 2), (4, 3), (6, 4), (8, 5), (10, 4), (12, 3), (14, 2)],
    ];
    const SIX: [[(usize, usize); 6]; 2] = [
        [(0, 0), (2, 2), (4, 3), (6, 1), (8, 2), (10, 3)],
        [(0, 0), (2, 1), (4, 2), (6, 4), (8, 3), (10, 2)],
    ];
    const RIFF: [(usize, usize); 10] =
        [(0, 4), (2, 4), (3, 5), (4, 4), (6, 3), (8, 4), (10, 4), (11, 5), (12, 6), (14, 4)];
    let four = rng.pick(&FOUR);
    let six = rng.pick(&SIX);
    let strums = style.pluck == Pluck::Guitar && rng.chance(0.5) && style.metre == Metre::Four;
    let mut notes = Vec::new();
    for (index, (bar, voicing)) in bars.iter().zip(voicings).enumerate() {
        let loud = if bar.section == Section::Chorus { 1.0 } else { 0.82 };
        let pitch_of = |voice: usize| (voicing[voice % 4] + 12 * (voice / 4) as i32) as f32;
        let mut add = |step: usize, voice: usize, velocity: f32, late: f32, rng: &mut Rng| {
            notes.push(Note {
                at: grid.at(index, step) + late + rng.between(0.0, 0.007),
                len: 4.0 * grid.step_s,
                pitch: pitch_of(voice),
                velocity: velocity * loud * rng.between(0.85, 1.0),
                pan: 0.35 + rng.between(-0.12, 0.12),
            });
        };
        if bar.section == Section::End {
            for voice in 0..6 {
                add(0, voice, 0.85, 0.045 * voice as f32, rng);
            }
        } else if style.pluck == Pluck::Tumbi {
            for (step, voice) in RIFF {
                if style.metre.steps() > step && (bar.section != Section::Verse || step % 4 == 0) {
                    add(step, voice, if step % 4 == 0 { 0.95 } else { 0.7 }, 0.0, rng);
                }
            }
        } else if strums && bar.section == Section::Chorus {
            for (step, down) in [(0, true), (4, true), (6, false), (10, false), (12, true), (14, false)] {
                for voice in 0..4 {
                    let order = if down { voice } else { 3 - voice };
                    add(step, voice + 1, if down { 0.8 } else { 0.55 }, 0.011 * order as f32, rng);
                }
            }
        } else if style.metre == Metre::Six {
            for (step, voice) in six {
                add(step, voice, if step % 6 == 0 { 0.9 } else { 0.7 }, 0.0, rng);
            }
        } else {
            for (step, voice) in four {
                let thin = bar.section == Section::Verse && style.energy < 0.45 && step % 4 != 0;
                if !thin {
                    add(step, voice, if step % 8 == 0 { 0.95 } else { 0.72 }, 0.0, rng);
                }
            }
        }
    }
    notes
}

/// A line an octave or two under the chords: roots and fifths, with a step towards the next root.
pub fn bass(grid: &Grid, bars: &[Bar], style: &Style, duration: f32, rng: &mut Rng) -> Vec<Note> {
    let low = |class: i32| 36 + (class - 36).rem_euclid(12) - if class.rem_euclid(12) > 9 { 12 } else { 0 };
    let half = style.metre.half();
    let mut notes = Vec::new();
    for (index, bar) in bars.iter().enumerate() {
        let root = low(bar.chord[0]);
        let mut fifth = low(bar.chord[2]);
        if fifth < root {
            fifth += 12;
        }
        let mut add = |step: usize, steps: usize, pitch: i32, velocity: f32| {
            notes.push(Note {
                at: grid.at(index, step),
                len: steps as f32 * grid.step_s * 0.94,
                pitch: pitch as f32,
                velocity,
                pan: 0.0,
            });
        };
        match bar.section {
            Section::End => notes.push(Note {
                at: grid.at(index, 0),
                len: duration - grid.at(index, 0),
                pitch: root as f32,
                velocity: 0.8,
                pan: 0.0,
            }),
            Section::Intro if index == 0 => add(0, 2 * half, root, 0.6),
            _ if style.kit == Kit::Soft && style.energy > 0.62 => {
                for step in (0..2 * half).step_by(2) {
                    let pitch = if step == 2 * half - 2 && rng.chance(0.5) { fifth } else { root };
                    add(step, 2, pitch, if step % 4 == 0 { 0.95 } else { 0.72 });
                }
            }
            _ => {
                add(0, half - 2, root, 0.95);
                let next = bars.get(index + 1).map_or(root, |next| low(next.chord[0]));
                add(half - 2, 2, if rng.chance(0.4) { root } else { fifth }, 0.6);
                add(half, half - 2, fifth, 0.8);
                // A chord note on the way to the next root.
                let towards = if next >= root { fifth } else { root };
                add(2 * half - 2, 2, towards, 0.65);
            }
        }
    }
    notes
}

/// A tanpura's four strings, over and over, where the style has one.
pub fn drone(grid: &Grid, style: &Style, key: Key, duration: f32) -> Vec<Note> {
    if !style.drone {
        return Vec::new();
    }
    let tonic = 48 + (key.tonic - 48).rem_euclid(12) - if key.tonic > 7 { 12 } else { 0 };
    let fifth = if key.mode.melody.contains(&7) { 7 } else { 5 };
    let every = (grid.step_s * 4.0).clamp(0.55, 1.0);
    let strings = [(tonic - 12 + fifth, -0.4), (tonic, 0.25), (tonic, 0.1), (tonic - 12, -0.1)];
    let count = ((duration - 0.5) / every) as usize;
    (0..count)
        .map(|index| {
            let (pitch, pan) = strings[index % 4];
            Note {
                at: 0.02 + index as f32 * every,
                len: every * 4.0,
                pitch: pitch as f32,
                velocity: 0.7,
                pan,
            }
        })
        .collect()
}

/// A few high chord notes in the rest after a phrase.
pub fn answer(grid: &Grid, bar: usize, bars: &[Bar], style: &Style, rng: &mut Rng) -> Vec<Note> {
    let chord = bars[bar].chord;
    let half = style.metre.half();
    if rng.chance(0.3) {
        return Vec::new();
    }
    let from = 2 * half - rng.pick(&[4, 3]);
    let mut turn = rng.below(3);
    let up = rng.chance(0.5);
    (from..2 * half)
        .map(|step| {
            let class = chord[turn % 3];
            turn += if up { 1 } else { 2 };
            Note {
                at: grid.at(bar, step),
                len: grid.step_s * 1.6,
                pitch: (72 + (class - 72).rem_euclid(12)) as f32,
                velocity: 0.62,
                pan: -0.3,
            }
        })
        .collect()
}

/// The chorus's tune on the answering instrument, for intro and outro.
pub fn hook(grid: &Grid, bar: usize, tones: &[Tone], key: Key) -> Vec<Note> {
    let tonic = 60 + (key.tonic - 60).rem_euclid(12) - if key.tonic > 6 { 12 } else { 0 };
    tones
        .iter()
        .map(|tone| Note {
            at: grid.at(bar, tone.at),
            len: tone.len as f32 * grid.step_s,
            pitch: (tonic + key.sung(tone.step)) as f32,
            velocity: 0.8,
            pan: -0.3,
        })
        .collect()
}
