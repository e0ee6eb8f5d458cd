//! The lead: a sung line, made as a voice makes it. A pulse train and some breath pass through five
//! moving resonances; pitch glides, sways and is never quite still.

use super::dsp::{Biquad, RATE, Stereo, TINY, ease, gain, hz};
use super::rng::{Rng, hash};
use super::score::Sung;
use super::syllables::{Onset, Vowel};

/// One resonance of a vowel: Hz, decibels, width in Hz.
type Formant = (f32, f32, f32);

/// Vowels in the order a, e, i, o, u.
type Vowels = [[Formant; 5]; 5];

// Classic measured singers' formants (the IRCAM tables printed in most synthesis manuals), widened
// where a high voice would otherwise fall between them.
const HIGH: Vowels = [
    [
        (800.0, 0.0, 110.0),
        (1150.0, -5.0, 120.0),
        (2900.0, -26.0, 150.0),
        (3900.0, -28.0, 170.0),
        (4950.0, -45.0, 200.0),
    ],
    [
        (400.0, 0.0, 100.0),
        (1900.0, -18.0, 130.0),
        (2750.0, -17.0, 150.0),
        (3600.0, -34.0, 190.0),
        (4950.0, -50.0, 220.0),
    ],
    [
        (330.0, 0.0, 95.0),
        (2140.0, -14.0, 130.0),
        (2950.0, -22.0, 150.0),
        (3900.0, -28.0, 170.0),
        (4950.0, -44.0, 220.0),
    ],
    [
        (470.0, 0.0, 95.0),
        (820.0, -9.0, 110.0),
        (2830.0, -24.0, 150.0),
        (3800.0, -28.0, 170.0),
        (4950.0, -48.0, 220.0),
    ],
    [
        (370.0, 0.0, 95.0),
        (760.0, -13.0, 110.0),
        (2700.0, -30.0, 170.0),
        (3800.0, -38.0, 180.0),
        (4950.0, -55.0, 220.0),
    ],
];
const LOW: Vowels = [
    [
        (660.0, 0.0, 100.0),
        (1090.0, -6.0, 110.0),
        (2600.0, -14.0, 150.0),
        (3000.0, -16.0, 170.0),
        (3500.0, -26.0, 200.0),
    ],
    [
        (420.0, 0.0, 90.0),
        (1700.0, -14.0, 110.0),
        (2550.0, -14.0, 150.0),
        (3150.0, -18.0, 170.0),
        (3600.0, -26.0, 200.0),
    ],
    [
        (310.0, 0.0, 80.0),
        (1900.0, -16.0, 120.0),
        (2750.0, -18.0, 150.0),
        (3250.0, -22.0, 170.0),
        (3600.0, -30.0, 200.0),
    ],
    [
        (430.0, 0.0, 90.0),
        (800.0, -8.0, 100.0),
        (2550.0, -18.0, 150.0),
        (2850.0, -20.0, 170.0),
        (3400.0, -30.0, 200.0),
    ],
    [
        (350.0, 0.0, 80.0),
        (680.0, -13.0, 100.0),
        (2500.0, -22.0, 160.0),
        (2900.0, -24.0, 180.0),
        (3400.0, -32.0, 200.0),
    ],
];
/// What is left of a vowel while the lips are closed.
const NASAL: [Formant; 5] = [
    (270.0, 0.0, 90.0),
    (1050.0, -20.0, 200.0),
    (2250.0, -30.0, 250.0),
    (3200.0, -42.0, 250.0),
    (4200.0, -60.0, 250.0),
];

/// An invented singer: the same one for every song of an artist.
#[derive(Debug, Clone, Copy)]
pub struct Singer {
    /// MIDI number of the lowest tonic that suits the voice.
    pub lowest_tonic: i32,
    high: bool,
    /// Size of the head: 1 is as measured, more is smaller and brighter.
    size: f32,
    vibrato_hz: f32,
    vibrato_cents: f32,
    /// Breath in the tone, 0 to 1.
    breath: f32,
}

impl Singer {
    /// The voice of an artist.
    pub fn of(artist: &str) -> Self {
        let mut rng = Rng::new(hash(artist), hash("singer"));
        let (lowest_tonic, high, size) =
            rng.pick(&[(45, false, 1.0), (46, false, 1.05), (53, true, 0.95), (55, true, 1.02)]);
        Self {
            lowest_tonic,
            high,
            size: size * rng.between(0.98, 1.03),
            vibrato_hz: rng.between(4.9, 5.8),
            vibrato_cents: rng.between(18.0, 34.0),
            breath: rng.between(0.25, 0.75),
        }
    }

    /// MIDI number of the tonic this voice sings a song from.
    pub fn home(&self, tonic: i32) -> i32 {
        self.lowest_tonic + (tonic - self.lowest_tonic).rem_euclid(12)
    }

    fn vowel(&self, vowel: Vowel) -> [Formant; 5] {
        let table = if self.high { &HIGH } else { &LOW };
        match vowel {
            Vowel::A => table[0],
            Vowel::E => table[1],
            Vowel::I => table[2],
            Vowel::O => table[3],
            Vowel::U => table[4],
        }
    }
}

/// Frames between two looks at the score.
const HOP: usize = 64;

/// What the score asks for at one moment.
struct Aim {
    pitch: f32,
    level: f32,
    formants: [Formant; 5],
    /// Unvoiced hiss of a consonant or a breath, and how high it lies.
    air: f32,
    air_hz: f32,
    /// Seconds the pitch takes to follow.
    glide_s: f32,
}

fn aim(notes: &[Sung], current: usize, singer: &Singer, t: f32, before: &Aim) -> Aim {
    let note = &notes[current];
    let next = notes.get(current + 1);
    let since = t - note.at;
    let left = note.at + note.len - t;
    let mut pitch = note.pitch;
    let mut glide_s = if note.syllable.is_some() { 0.014 } else { 0.032 };
    if note.grace != 0.0 && since < 0.075 {
        pitch += note.grace;
    }
    if note.breath {
        pitch -= 1.1 * (-since.max(0.0) / 0.06).exp();
    }
    let settled = ease((since - 0.22) / 0.35);
    pitch += singer.vibrato_cents / 100.0 * settled * (singer.vibrato_hz * std::f32::consts::TAU * t).sin();
    if note.shake > 0.0 && since > 0.12 {
        glide_s = 0.02;
        pitch += note.shake
            * 0.5
            * (1.0 - (4.3 * std::f32::consts::TAU * (since - 0.12)).cos())
            * ease(left / 0.25);
    }

    let arch = 0.86 + 0.14 * (std::f32::consts::PI * (since / note.len).clamp(0.0, 1.0)).sin();
    let mut level = if since >= 0.0 && left > 0.0 { note.velocity * arch } else { 0.0 };
    let mut formants = match note.syllable {
        Some(syllable) => singer.vowel(syllable.vowel),
        None => before.formants,
    };
    let (mut air, mut air_hz) = (0.0, 4200.0);

    // A consonant closes the mouth a little before its note and opens it a little after.
    let (syllable, from_onset) = match next {
        Some(next) if next.at - t < 0.045 => (next.syllable, t - next.at),
        _ => (note.syllable, since),
    };
    if let Some(syllable) = syllable
        && (-0.045..0.03).contains(&from_onset)
    {
        match syllable.onset {
            Onset::Open => level *= 0.8,
            Onset::Nasal => {
                formants = NASAL;
                level = level.max(0.4) * 0.6;
            }
            Onset::Liquid => {
                level *= 0.55;
                formants[0].0 *= 0.7;
                formants[1].1 -= 6.0;
            }
            Onset::Stop => {
                level *= if from_onset < 0.0 { 0.05 } else { 0.7 };
                if (0.0..0.012).contains(&from_onset) {
                    (air, air_hz) = (0.35, 2400.0);
                }
            }
            Onset::Hiss => {
                level *= if from_onset < 0.0 { 0.08 } else { 0.6 };
                (air, air_hz) = (0.3, 4600.0);
            }
        }
    }
    // The breath before a phrase.
    if let Some(next) = next.filter(|next| next.breath) {
        let ahead = next.at - t;
        if (0.06..0.34).contains(&ahead) && left < -0.05 {
            (air, air_hz) = (0.11 * ease((0.34 - ahead) / 0.2), 1900.0);
        }
    }
    Aim { pitch, level, formants, air, air_hz, glide_s }
}

/// Sings a line into a mono buffer of `frames` frames.
pub fn sing(notes: &[Sung], singer: &Singer, rng: &mut Rng, frames: usize) -> Vec<f32> {
    let mut sound = vec![0.0; frames];
    let Some(first) = notes.first() else { return sound };
    let mut aimed = Aim {
        pitch: first.pitch,
        level: 0.0,
        formants: singer.vowel(Vowel::A),
        air: 0.0,
        air_hz: 4200.0,
        glide_s: 0.014,
    };
    let dt = HOP as f32 / RATE;
    let toward = |seconds: f32| 1.0 - (-dt / seconds).exp();
    let (mut pitch, mut pitch_slow) = (first.pitch, first.pitch);
    let (mut level, mut air, mut wander) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut shape = aimed.formants.map(|(frequency, db, width)| [frequency, gain(db), width]);
    let mut bands = [Biquad::default(); 5];
    let mut hiss = Biquad::default();
    let mut weights = [0.0_f32; 5];
    let (mut phase, mut flow, mut body) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut current = 0;

    for (hop, chunk) in sound.chunks_mut(HOP).enumerate() {
        let t = hop as f32 * dt;
        while notes.get(current + 1).is_some_and(|next| next.at <= t) {
            current += 1;
        }
        aimed = aim(notes, current, singer, t, &aimed);
        wander += 0.02 * rng.noise() - 0.004 * wander;
        pitch_slow += toward(aimed.glide_s) * (aimed.pitch + wander * 0.5 - pitch_slow);
        pitch += toward(aimed.glide_s) * (pitch_slow - pitch);
        let level_before = level;
        level += toward(if aimed.level > level { 0.016 } else { 0.04 }) * (aimed.level - level);
        let air_before = air;
        air += toward(0.012) * (aimed.air - air);
        if level < 1e-4 && air < 1e-4 && aimed.level == 0.0 && aimed.air == 0.0 {
            continue;
        }

        let frequency = hz(pitch);
        for (slot, (target, db, width)) in shape.iter_mut().zip(aimed.formants) {
            let follow = toward(0.024);
            slot[0] += follow * (target * singer.size - slot[0]);
            slot[1] += follow * (gain(db) - slot[1]);
            slot[2] += follow * (width - slot[2]);
        }
        for (index, (band, slot)) in bands.iter_mut().zip(shape).enumerate() {
            // Singers raise the first resonance with the note, so that it never falls below it.
            let centre = if index == 0 { slot[0].max(frequency * 1.04) } else { slot[0] };
            band.tune_band(centre, slot[2] + 0.06 * frequency);
            // A pulse train loses 6 dB an octave; the measured levels are of the sound that came out.
            let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
            weights[index] = sign * slot[1] * (centre / frequency).max(0.6);
        }
        hiss.tune_band(aimed.air_hz, aimed.air_hz * 0.6);
        let step = frequency / RATE;
        // Louder is brighter.
        let open = 1.0 - (-std::f32::consts::TAU * (1400.0 + 3000.0 * level) / RATE).exp();
        let dark = 1.0 - (-std::f32::consts::TAU * frequency * 1.2 / RATE).exp();
        let count = chunk.len() as f32;
        for (frame, sample) in chunk.iter_mut().enumerate() {
            let along = frame as f32 / count;
            phase += step;
            if phase >= 1.0 {
                phase -= 1.0;
            }
            let pulse = 2.0 * phase - 1.0 - corner(phase, step);
            flow += open * (pulse - flow) + TINY;
            body += dark * (pulse - body);
            let white = rng.noise();
            // Breath comes while the folds are open: in the second half of the cycle.
            let breathy = white * singer.breath * if phase > 0.5 { 0.09 } else { 0.03 };
            let source = flow + breathy;
            let mut voiced = body * 0.22;
            for (band, weight) in bands.iter_mut().zip(weights) {
                voiced += band.run(source) * weight;
            }
            let loud = level_before + (level - level_before) * along;
            let aired = air_before + (air - air_before) * along;
            *sample = voiced * loud + hiss.run(white) * aired;
        }
    }
    level_out(&mut sound);
    sound
}

/// The rounding of a saw's corner that keeps it free of aliases (two-sample polynomial).
#[inline]
fn corner(phase: f32, step: f32) -> f32 {
    if phase < step {
        let x = phase / step;
        x + x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + x + x + 1.0
    } else {
        0.0
    }
}

/// Brings vowels and registers to about the same loudness, as a singer and an engineer would.
fn level_out(sound: &mut [f32]) {
    let mut low_cut = Biquad::high_pass(85.0, 0.7);
    let mut power = 0.0_f32;
    let mut weight = 1.0_f32;
    for (frame, sample) in sound.iter_mut().enumerate() {
        *sample = low_cut.run(*sample);
        let square = *sample * *sample;
        power += if square > power { 0.0012 } else { 0.0001 } * (square - power);
        if frame % 16 == 0 {
            let loud = power.sqrt().max(0.02);
            weight = (0.2 / loud).powf(0.55);
        }
        *sample *= weight;
    }
}

/// The lead with its second voice, placed: the first in the middle, the second on both sides.
pub fn choir(lead: &[Sung], second: &[Sung], singer: &Singer, rng: &mut Rng, frames: usize) -> Stereo {
    let mut stereo = Stereo::new(frames);
    stereo.add(0.0, &sing(lead, singer, rng, frames), 1.0, 0.0);
    let left = Singer { size: singer.size * 0.985, vibrato_hz: singer.vibrato_hz * 1.07, ..*singer };
    let right = Singer { size: singer.size * 1.02, vibrato_hz: singer.vibrato_hz * 0.95, ..*singer };
    stereo.add(0.006, &sing(second, &left, rng, frames), 0.26, -0.6);
    stereo.add(0.013, &sing(second, &right, rng, frames), 0.26, 0.6);
    stereo
}
