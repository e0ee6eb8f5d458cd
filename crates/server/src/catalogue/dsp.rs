//! The tools every instrument uses: stereo buffers, filters, wavetables, reverb, levels.

use std::f32::consts::{FRAC_PI_4, PI, TAU};

/// Frames a second of everything the demo renders.
pub const RATE: f32 = 44_100.0;

/// Small enough to be silent, large enough to keep decaying filters out of slow denormal numbers.
pub const TINY: f32 = 1.0e-18;

/// Frequency of a MIDI note number.
pub fn hz(pitch: f32) -> f32 {
    440.0 * ((pitch - 69.0) / 12.0).exp2()
}

/// Decibels as a factor.
pub fn gain(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

/// Two channels of equal length.
#[derive(Debug, Clone)]
pub struct Stereo {
    pub left: Vec<f32>,
    pub right: Vec<f32>,
}

impl Stereo {
    /// Silence of `frames` frames.
    pub fn new(frames: usize) -> Self {
        Self { left: vec![0.0; frames], right: vec![0.0; frames] }
    }

    /// Adds a mono sound from `at` seconds on, at constant power over the stereo width; what runs past the end is cut.
    pub fn add(&mut self, at: f32, sound: &[f32], level: f32, pan: f32) {
        let start = ((at * RATE).max(0.0) as usize).min(self.left.len());
        let angle = (pan.clamp(-1.0, 1.0) + 1.0) * FRAC_PI_4;
        let (to_left, to_right) = (angle.cos() * level, angle.sin() * level);
        for ((left, right), sample) in self.left[start..].iter_mut().zip(&mut self.right[start..]).zip(sound)
        {
            *left += sample * to_left;
            *right += sample * to_right;
        }
    }

    /// Adds another buffer, scaled.
    pub fn add_all(&mut self, other: &Self, level: f32) {
        for (to, from) in [(&mut self.left, &other.left), (&mut self.right, &other.right)] {
            for (sample, more) in to.iter_mut().zip(from) {
                *sample += more * level;
            }
        }
    }

    /// Runs a filter over each channel.
    pub fn filter(&mut self, filter: Biquad) {
        for channel in [&mut self.left, &mut self.right] {
            let mut filter = filter;
            for sample in channel {
                *sample = filter.run(*sample);
            }
        }
    }

    /// The level while the sound is there: RMS of the 50 ms blocks within 26 dB of the loudest one.
    pub fn active_rms(&self) -> f32 {
        let block = (RATE * 0.05) as usize;
        let powers: Vec<f32> = self
            .left
            .chunks(block)
            .zip(self.right.chunks(block))
            .map(|(left, right)| {
                let sum: f32 = left.iter().chain(right).map(|sample| sample * sample).sum();
                sum / (left.len() * 2) as f32
            })
            .collect();
        let floor = powers.iter().copied().fold(0.0, f32::max) * 0.0025;
        let (sum, count) = powers
            .iter()
            .filter(|&&power| power > floor)
            .fold((0.0, 0.0), |(sum, count), power| (sum + power, count + 1.0_f32));
        (sum / count.max(1.0)).sqrt()
    }
}

/// A second-order filter (the cookbook forms of Robert Bristow-Johnson, transposed direct form II).
#[derive(Debug, Clone, Copy, Default)]
pub struct Biquad {
    b0: f32,
    b1: f32,
    b2: f32,
    a1: f32,
    a2: f32,
    z1: f32,
    z2: f32,
}

impl Biquad {
    fn set(&mut self, b: [f32; 3], a: [f32; 3]) {
        let [a0, a1, a2] = a;
        (self.b0, self.b1, self.b2) = (b[0] / a0, b[1] / a0, b[2] / a0);
        (self.a1, self.a2) = (a1 / a0, a2 / a0);
    }

    /// Passes below `frequency`.
    pub fn low_pass(frequency: f32, q: f32) -> Self {
        let (sin, cos) = (TAU * frequency / RATE).sin_cos();
        let alpha = sin / (2.0 * q);
        let mut filter = Self::default();
        let b = (1.0 - cos) / 2.0;
        filter.set([b, 1.0 - cos, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]);
        filter
    }

    /// Passes above `frequency`.
    pub fn high_pass(frequency: f32, q: f32) -> Self {
        let (sin, cos) = (TAU * frequency / RATE).sin_cos();
        let alpha = sin / (2.0 * q);
        let mut filter = Self::default();
        let b = f32::midpoint(1.0, cos);
        filter.set([b, -2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]);
        filter
    }

    /// Lifts or lowers everything above `frequency` by `db`.
    pub fn high_shelf(frequency: f32, db: f32) -> Self {
        let (sin, cos) = (TAU * frequency / RATE).sin_cos();
        let a = gain(db / 2.0);
        let root = 2.0 * a.sqrt() * sin / 2.0_f32.sqrt();
        let mut filter = Self::default();
        filter.set(
            [
                a * ((a + 1.0) + (a - 1.0) * cos + root),
                -2.0 * a * ((a - 1.0) + (a + 1.0) * cos),
                a * ((a + 1.0) + (a - 1.0) * cos - root),
            ],
            [
                (a + 1.0) - (a - 1.0) * cos + root,
                2.0 * ((a - 1.0) - (a + 1.0) * cos),
                (a + 1.0) - (a - 1.0) * cos - root,
            ],
        );
        filter
    }

    /// Lifts or lowers a band around `frequency` by `db`.
    pub fn peak(frequency: f32, q: f32, db: f32) -> Self {
        let (sin, cos) = (TAU * frequency / RATE).sin_cos();
        let alpha = sin / (2.0 * q);
        let a = gain(db / 2.0);
        let mut filter = Self::default();
        filter.set(
            [1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a],
            [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a],
        );
        filter
    }

    /// Makes this a resonance at `frequency`, `width` Hz wide, 0 dB at its peak; it keeps what it holds, so it may move while it runs.
    pub fn tune_band(&mut self, frequency: f32, width: f32) {
        let (sin, cos) = (TAU * frequency / RATE).sin_cos();
        let alpha = sin * width / (2.0 * frequency);
        self.set([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]);
    }

    /// One sample.
    #[inline]
    pub fn run(&mut self, input: f32) -> f32 {
        let output = self.b0 * input + self.z1;
        self.z1 = self.b1 * input - self.a1 * output + self.z2 + TINY;
        self.z2 = self.b2 * input - self.a2 * output;
        output
    }
}

/// One cycle of a tone, from the strengths of its partials.
#[derive(Debug)]
pub struct Table(Vec<f32>);

impl Table {
    const BITS: u32 = 11;

    /// The first strength is the fundamental's.
    pub fn new(partials: &[f32]) -> Self {
        let size = 1 << Self::BITS;
        Self(
            (0..=size)
                .map(|index| {
                    let phase = TAU * index as f32 / size as f32;
                    partials.iter().zip(1_u8..).map(|(level, n)| level * (phase * f32::from(n)).sin()).sum()
                })
                .collect(),
        )
    }

    /// The value at a phase whose full range is one cycle.
    #[inline]
    pub fn at(&self, phase: u32) -> f32 {
        let index = (phase >> (32 - Self::BITS)) as usize;
        let part = (phase << Self::BITS) as f32 / 4_294_967_296.0;
        self.0[index] + (self.0[index + 1] - self.0[index]) * part
    }
}

/// How far a phase of that range moves in one frame.
pub fn turn(frequency: f32) -> u32 {
    (f64::from(frequency) / f64::from(RATE) * 4_294_967_296.0) as u32
}

/// One wall of a room: a delay that gives back a darker, softer sound.
#[derive(Debug)]
struct Wall {
    delay: Vec<f32>,
    place: usize,
    dark: f32,
    keep: f32,
}

/// A room: eight delays of different lengths that feed each other, darker as they decay.
#[derive(Debug)]
pub struct Room([Wall; 8]);

impl Room {
    /// A room in which a sound falls by 60 dB in `seconds`.
    pub fn new(seconds: f32) -> Self {
        // Lengths without common factors, so that the echoes do not fall together.
        Self([1447, 1693, 1931, 2153, 2381, 2593, 2857, 3109].map(|length: usize| Wall {
            delay: vec![0.0; length],
            place: 0,
            dark: 0.0,
            keep: gain(-60.0 * length as f32 / (RATE * seconds)),
        }))
    }

    /// Adds the room's answer to `send` onto `to`.
    pub fn answer(&mut self, send: &Stereo, to: &mut Stereo, level: f32) {
        let pre_delay = (RATE * 0.018) as usize;
        for frame in 0..to.left.len() {
            let (left, right) = match frame.checked_sub(pre_delay) {
                Some(early) => (send.left[early], send.right[early]),
                None => (0.0, 0.0),
            };
            let mut out = [0.0_f32; 8];
            for (wall, out) in self.0.iter_mut().zip(&mut out) {
                wall.dark += 0.62 * (wall.delay[wall.place] - wall.dark) + TINY;
                *out = wall.dark * wall.keep;
            }
            let mix = out.iter().sum::<f32>() * 0.25;
            for ((wall, out), input) in self.0.iter_mut().zip(out).zip([left, right].into_iter().cycle()) {
                wall.delay[wall.place] = input * 0.5 + out - mix;
                wall.place = if wall.place + 1 == wall.delay.len() { 0 } else { wall.place + 1 };
            }
            to.left[frame] += level * (out[0] - out[2] + out[4] - out[6]);
            to.right[frame] += level * (out[1] - out[3] + out[5] - out[7]);
        }
    }
}

/// A raised-cosine ramp from 0 to 1.
pub fn ease(x: f32) -> f32 {
    0.5 - 0.5 * (PI * x.clamp(0.0, 1.0)).cos()
}
