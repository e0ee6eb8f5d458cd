//! The lead's line: short motifs, repeated and varied, that rest on the chords and come home.

use super::rng::Rng;
use super::style::Metre;
use super::theory::Key;

/// A note of a phrase, counted in steps of the bar and steps of the sung scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// From the start of the phrase, in sixteenths.
    pub at: usize,
    /// In sixteenths.
    pub len: usize,
    /// Steps of the sung scale above the tonic of the singer's octave.
    pub step: i32,
}

/// A rhythm and the way the line moves over it.
#[derive(Debug, Clone)]
pub struct Motif {
    rhythm: Vec<(usize, usize)>,
    moves: Vec<i32>,
}

/// Where a phrase lives and how it ends.
#[derive(Debug, Clone, Copy)]
pub struct Register {
    pub low: i32,
    pub high: i32,
    pub start: i32,
}

impl Motif {
    /// A motif of `bars` bars; the quicker the song, the longer its notes.
    pub fn new(metre: Metre, bars: usize, step_s: f32, rng: &mut Rng) -> Self {
        let total = metre.steps() * bars;
        // The last note starts on the strong half of the last bar and leaves room to breathe.
        let last = total - metre.half();
        let mut rhythm = Vec::new();
        let mut at = if rng.chance(0.35) { metre.half() / 2 } else { 0 };
        while at < last {
            let cell: &[usize] = match metre {
                Metre::Four if step_s > 0.17 => {
                    rng.pick(&[&[2usize, 2][..], &[4], &[3, 1], &[2, 1, 1], &[2, 2], &[1, 1, 2]])
                }
                Metre::Four if step_s > 0.13 => {
                    rng.pick(&[&[2usize, 2][..], &[4], &[2, 2], &[3, 1], &[6, 2]])
                }
                Metre::Four => rng.pick(&[&[4usize][..], &[2, 2], &[4], &[6, 2], &[4, 4]]),
                Metre::Six => rng.pick(&[&[2usize, 2, 2][..], &[4, 2], &[4, 2], &[6], &[2, 4], &[3, 1, 2]]),
            };
            for &len in cell {
                if at < last {
                    let len = len.min(last - at);
                    rhythm.push((at, len));
                    at += len;
                }
            }
        }
        let rest = rng.pick(&[2usize, 2, 3]);
        rhythm.push((last, metre.half() - rest));

        // Steps mostly; a leap now and then, and after a leap a step back.
        let mut moves = Vec::with_capacity(rhythm.len());
        let mut drift: i32 = rng.pick(&[1, 1, -1]);
        let mut leapt = 0;
        for index in 0..rhythm.len() {
            let step = if leapt != 0 {
                -leapt
            } else if rng.chance(0.16) {
                drift * rng.pick(&[2, 3])
            } else if rng.chance(0.14) {
                0
            } else {
                drift
            };
            leapt = if step.abs() > 1 { step.signum() } else { 0 };
            if rng.chance(0.28) || index == rhythm.len() / 2 {
                drift = -drift;
            }
            moves.push(step);
        }
        Self { rhythm, moves }
    }

    /// The motif over these chords (one a bar). `home` makes it end on the tonic, or else on the nearest chord note.
    pub fn phrase(
        &self,
        key: Key,
        metre: Metre,
        chords: &[[i32; 3]],
        register: Register,
        home: bool,
    ) -> Vec<Tone> {
        let length = key.mode.melody.len() as i32;
        let count = self.rhythm.len();
        let mut step = register.start;
        let mut tones: Vec<Tone> = Vec::with_capacity(count);
        for (index, (&(at, len), &by)) in self.rhythm.iter().zip(&self.moves).enumerate() {
            let chord = chords.get(at / metre.steps()).or(chords.last()).copied().unwrap_or([key.tonic; 3]);
            if index > 0 {
                let moved = step + by;
                step = if moved > register.high || moved < register.low { step - by } else { moved };
            }
            if index + 1 == count {
                let tonic = if step * 2 > length { length } else { 0 };
                step = if home { tonic } else { key.nearest_in(&chord, step, false) };
            } else if at % metre.half() == 0 || len >= metre.half() {
                step = key.nearest_in(&chord, step, by > 0);
            }
            tones.push(Tone { at, len, step });
        }
        lead_in(&mut tones, home);
        // No leap past a sixth; the end stays where it is, what comes before gives way.
        for index in (1..tones.len()).rev() {
            let to = tones[index].step;
            let before = &mut tones[index - 1];
            while (key.sung(before.step) - key.sung(to)).abs() > 9 {
                before.step += (to - before.step).signum();
            }
        }
        tones
    }
}

/// Lets the last note be reached by step, from above where the line allows.
fn lead_in(tones: &mut [Tone], home: bool) {
    let [.., before, third, second, last] = tones else { return };
    let from = (second.step - last.step).signum();
    let side = if from == 0 { 1 } else { from };
    if (second.step - last.step).abs() > 1 || home {
        second.step = last.step + side;
    }
    // A wide way home is walked, not jumped.
    let gap = third.step - second.step;
    if gap.abs() > 2 {
        third.step = second.step + gap.signum() * 2;
        let gap = before.step - third.step;
        if gap.abs() > 3 {
            before.step = third.step + gap.signum() * 2;
        }
    }
}
