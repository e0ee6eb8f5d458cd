//! What plays a song: instruments, drums and metre, from its language, genres and mood.

use super::DemoSong;
use super::rng::{Rng, hash};

/// The plucked or struck instrument that carries the harmony.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pluck {
    /// Nylon strings.
    Guitar,
    /// Bright, with a buzzing bridge.
    Sitar,
    /// Struck pairs of strings.
    Santoor,
    /// Round and long.
    Veena,
    /// Short and bright.
    Tumbi,
}

/// The sustained instrument under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pad {
    /// Soft bowed strings.
    Strings,
    /// Reeds and bellows.
    Harmonium,
    /// A bell-like electric piano.
    Keys,
}

/// The drums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kit {
    /// A tuned pair.
    Tabla,
    /// Two heads, drier.
    Mridangam,
    /// Deep and loud, with a swing.
    Dhol,
    /// Kick, rim, hats.
    Soft,
    /// Only a shaker and small bells.
    Bells,
}

/// How a bar is counted; a step is a sixteenth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metre {
    /// Four beats, sixteen steps.
    Four,
    /// Six eighths in two groups, twelve steps.
    Six,
}

impl Metre {
    /// Steps in a bar.
    pub fn steps(self) -> usize {
        match self {
            Self::Four => 16,
            Self::Six => 12,
        }
    }

    /// Steps between two strong places of a bar.
    pub fn half(self) -> usize {
        self.steps() / 2
    }
}

/// The whole band.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub pluck: Pluck,
    pub pad: Pad,
    pub kit: Kit,
    pub metre: Metre,
    /// Whether a tanpura drones under everything.
    pub drone: bool,
    /// How late an off-beat sixteenth comes, as a part of a step.
    pub swing: f32,
    /// Whether long notes are shaken and ornamented.
    pub ornaments: bool,
    /// 0 to 1, the song's own.
    pub energy: f32,
}

impl Style {
    /// The band for a song.
    pub fn of(song: &DemoSong) -> Self {
        let mut rng = Rng::new(song.seed, hash("style"));
        let is = |name: &str| song.genre.iter().any(|genre| genre.eq_ignore_ascii_case(name));
        let south = matches!(song.language.as_str(), "ta" | "te");
        let energy = song.metadata.energy.clamp(0.0, 1.0);
        let (pluck, pad, kit, drone) = if is("Bhangra") {
            (Pluck::Tumbi, Pad::Harmonium, Kit::Dhol, false)
        } else if is("Ghazal") || is("Devotional") || is("Qawwali") {
            (Pluck::Santoor, Pad::Harmonium, Kit::Tabla, true)
        } else if is("Classical") {
            let pluck = if south { Pluck::Veena } else { Pluck::Sitar };
            (pluck, Pad::Strings, if south { Kit::Mridangam } else { Kit::Tabla }, true)
        } else if is("Lullaby") || is("Acoustic") {
            (rng.pick(&[Pluck::Guitar, Pluck::Santoor]), Pad::Strings, Kit::Bells, false)
        } else if is("Folk") {
            let kit = if south { Kit::Mridangam } else { Kit::Tabla };
            (rng.pick(&[Pluck::Tumbi, Pluck::Guitar]), Pad::Harmonium, kit, false)
        } else if is("Filmi") {
            let kit = if south { Kit::Mridangam } else { Kit::Tabla };
            (rng.pick(&[Pluck::Sitar, Pluck::Guitar, Pluck::Santoor]), Pad::Strings, kit, false)
        } else {
            (Pluck::Guitar, rng.pick(&[Pad::Keys, Pad::Strings]), Kit::Soft, false)
        };
        let six = is("Waltz") || is("Lullaby") || is("Ghazal") && rng.chance(0.6);
        let swing = if kit == Kit::Dhol { 0.34 } else { rng.between(0.0, 0.12) };
        Self {
            pluck,
            pad,
            kit,
            metre: if six { Metre::Six } else { Metre::Four },
            drone,
            swing,
            ornaments: song.language != "en",
            energy,
        }
    }
}
