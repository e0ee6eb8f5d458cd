//! Keys, modes and ragas: which notes a melody may use and which chords carry it.

use super::rng::Rng;

/// Four bars of harmony, as degrees of the harmony scale counted from 1.
pub type Progression = [u8; 4];

/// A scale with the harmony that suits it.
#[derive(Debug)]
pub struct Mode {
    /// As written after the tonic in a song's key.
    pub name: &'static str,
    /// Semitones above the tonic that the lead sings.
    pub melody: &'static [i32],
    /// The seven-note scale its triads are built on.
    pub harmony: [i32; 7],
    /// For the verses.
    pub verse: &'static [Progression],
    /// For the choruses.
    pub chorus: &'static [Progression],
}

const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];
const DORIAN: [i32; 7] = [0, 2, 3, 5, 7, 9, 10];
const LYDIAN: [i32; 7] = [0, 2, 4, 6, 7, 9, 11];
const MIXOLYDIAN: [i32; 7] = [0, 2, 4, 5, 7, 9, 10];
const PHRYGIAN: [i32; 7] = [0, 1, 3, 5, 7, 8, 10];
const HARMONIC_MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 11];
const MAJOR_FLAT_SIX: [i32; 7] = [0, 2, 4, 5, 7, 8, 10];

const BRIGHT_VERSE: &[Progression] = &[[1, 6, 4, 5], [1, 5, 6, 4], [1, 4, 1, 5], [1, 3, 4, 5]];
const BRIGHT_CHORUS: &[Progression] = &[[4, 5, 6, 1], [1, 5, 6, 4], [6, 4, 1, 5], [1, 4, 6, 5]];
const DARK_VERSE: &[Progression] = &[[1, 7, 6, 7], [1, 6, 4, 1], [1, 4, 7, 3], [1, 3, 7, 4]];
const DARK_CHORUS: &[Progression] = &[[6, 7, 1, 1], [1, 6, 3, 7], [4, 7, 3, 1], [6, 3, 7, 1]];

/// Every mode the demo knows.
pub static MODES: [Mode; 16] = [
    Mode { name: "major", melody: &MAJOR, harmony: MAJOR, verse: BRIGHT_VERSE, chorus: BRIGHT_CHORUS },
    Mode { name: "minor", melody: &MINOR, harmony: MINOR, verse: DARK_VERSE, chorus: DARK_CHORUS },
    Mode {
        name: "dorian",
        melody: &DORIAN,
        harmony: DORIAN,
        verse: &[[1, 4, 1, 7], [1, 7, 4, 1], [1, 3, 4, 1]],
        chorus: &[[3, 4, 1, 1], [4, 7, 1, 1], [1, 7, 3, 4]],
    },
    Mode {
        name: "mixolydian",
        melody: &MIXOLYDIAN,
        harmony: MIXOLYDIAN,
        verse: &[[1, 7, 4, 1], [1, 4, 1, 7]],
        chorus: &[[4, 1, 7, 1], [1, 7, 4, 4], [6, 4, 7, 1]],
    },
    Mode {
        name: "Yaman",
        melody: &LYDIAN,
        harmony: LYDIAN,
        verse: &[[1, 2, 1, 5], [1, 6, 2, 5]],
        chorus: &[[1, 5, 6, 2], [6, 2, 5, 1], [3, 6, 2, 5]],
    },
    Mode {
        name: "Kalyani",
        melody: &LYDIAN,
        harmony: LYDIAN,
        verse: &[[1, 2, 6, 5], [1, 5, 2, 1]],
        chorus: &[[6, 2, 1, 5], [1, 2, 5, 1]],
    },
    Mode {
        name: "Bhairavi",
        melody: &PHRYGIAN,
        harmony: PHRYGIAN,
        verse: &[[1, 2, 7, 1], [1, 4, 2, 1], [1, 6, 7, 1]],
        chorus: &[[6, 2, 7, 1], [4, 1, 2, 1]],
    },
    Mode {
        name: "Kafi",
        melody: &DORIAN,
        harmony: DORIAN,
        verse: &[[1, 4, 7, 1], [1, 7, 4, 1]],
        chorus: &[[3, 7, 4, 1], [4, 1, 7, 1]],
    },
    Mode {
        name: "Khamaj",
        melody: &MIXOLYDIAN,
        harmony: MIXOLYDIAN,
        verse: &[[1, 4, 7, 1], [1, 2, 4, 1]],
        chorus: &[[4, 1, 2, 7], [6, 4, 7, 1]],
    },
    Mode {
        name: "Bhupali",
        melody: &[0, 2, 4, 7, 9],
        harmony: MAJOR,
        verse: &[[1, 6, 1, 5], [1, 6, 5, 1]],
        chorus: &[[6, 5, 6, 1], [1, 5, 6, 5]],
    },
    Mode {
        name: "Mohanam",
        melody: &[0, 2, 4, 7, 9],
        harmony: MAJOR,
        verse: &[[1, 5, 6, 1], [1, 6, 4, 5]],
        chorus: &[[6, 1, 5, 1], [4, 1, 5, 6]],
    },
    Mode {
        name: "Hamsadhwani",
        melody: &[0, 2, 4, 7, 11],
        harmony: MAJOR,
        verse: &[[1, 5, 1, 5], [1, 3, 5, 1]],
        chorus: &[[3, 5, 1, 5], [1, 5, 3, 1]],
    },
    Mode {
        name: "Charukeshi",
        melody: &MAJOR_FLAT_SIX,
        harmony: MAJOR_FLAT_SIX,
        verse: &[[1, 4, 7, 1], [1, 7, 4, 1]],
        chorus: &[[4, 7, 1, 1], [6, 7, 4, 1]],
    },
    Mode {
        name: "Kirwani",
        melody: &HARMONIC_MINOR,
        harmony: HARMONIC_MINOR,
        verse: &[[1, 4, 5, 1], [1, 6, 4, 5]],
        chorus: &[[6, 4, 5, 1], [4, 1, 5, 1]],
    },
    Mode {
        name: "Durga",
        melody: &[0, 2, 5, 7, 9],
        harmony: MIXOLYDIAN,
        verse: &[[1, 4, 2, 1], [1, 4, 1, 2]],
        chorus: &[[4, 2, 4, 1], [2, 4, 2, 1]],
    },
    Mode {
        name: "Shivaranjani",
        melody: &[0, 2, 3, 7, 9],
        harmony: DORIAN,
        verse: &[[1, 4, 1, 5], [1, 5, 4, 1]],
        chorus: &[[4, 1, 5, 1], [1, 4, 5, 1]],
    },
];

/// A tonic with a mode.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Pitch class: 0 is C, 11 is B.
    pub tonic: i32,
    /// Its scale and harmony.
    pub mode: &'static Mode,
}

/// The twelve tonics as keys write them.
pub const TONICS: [&str; 12] = ["C", "C#", "D", "E♭", "E", "F", "F#", "G", "A♭", "A", "B♭", "B"];

impl Key {
    /// Reads `D minor`, `B♭ Yaman`; nothing else is a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (tonic, mode) = text.split_once(' ')?;
        Some(Self {
            tonic: TONICS.iter().position(|&name| name == tonic)? as i32,
            mode: MODES.iter().find(|known| known.name == mode)?,
        })
    }

    /// The triad on a degree counted from 1, as three pitch classes, root first.
    pub fn triad(self, degree: u8) -> [i32; 3] {
        let scale = self.mode.harmony;
        let root = usize::from(degree.max(1) - 1);
        [0, 2, 4].map(|step| (self.tonic + scale[(root + step) % 7]).rem_euclid(12))
    }

    /// Semitones above the tonic of step `step` of the sung scale; steps run on over octaves, both ways.
    pub fn sung(self, step: i32) -> i32 {
        let scale = self.mode.melody;
        let length = scale.len() as i32;
        12 * step.div_euclid(length) + scale[step.rem_euclid(length) as usize]
    }

    /// The sung step nearest to `step` whose note belongs to `chord`; `step` itself when none is near.
    pub fn nearest_in(self, chord: &[i32; 3], step: i32, prefer_up: bool) -> i32 {
        let fits = |candidate: i32| chord.contains(&(self.tonic + self.sung(candidate)).rem_euclid(12));
        let sides = if prefer_up { [1, -1] } else { [-1, 1] };
        (0..3)
            .flat_map(|distance| sides.map(|side| step + side * distance))
            .find(|&candidate| fits(candidate))
            .unwrap_or(step)
    }
}

/// Four notes of a chord in the middle of the keyboard, each moved as little as possible from `before`.
pub fn voicing(chord: &[i32; 3], before: Option<[i32; 4]>) -> [i32; 4] {
    let mut best = [0; 4];
    let mut least = i32::MAX;
    for lowest in 50_i32..62 {
        if !chord.contains(&lowest.rem_euclid(12)) {
            continue;
        }
        let mut notes: [i32; 4] = [lowest; 4];
        for index in 1..4 {
            let mut next: i32 = notes[index - 1] + 1;
            while !chord.contains(&next.rem_euclid(12)) {
                next += 1;
            }
            notes[index] = next;
        }
        let cost = match before {
            Some(previous) => notes.iter().zip(previous).map(|(new, old)| (new - old).abs()).sum(),
            None => (notes[0] - 55).abs(),
        };
        if cost < least {
            (least, best) = (cost, notes);
        }
    }
    best
}

/// One of a mode's progressions.
pub fn choose(progressions: &[Progression], rng: &mut Rng) -> Progression {
    progressions.get(rng.below(progressions.len())).copied().unwrap_or([1, 4, 5, 1])
}
