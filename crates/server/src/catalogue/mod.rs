//! The demo catalogue: invented songs whose sound and covers are made from a seed, here, when they are asked for.

mod arrange;
mod covers;
mod drums;
mod dsp;
mod flac;
mod melody;
mod mix;
mod motifs;
mod rhythm;
mod rng;
mod score;
mod strings;
mod style;
mod syllables;
mod synthetic;
#[cfg(test)]
mod tests;
mod theory;
mod tones;
mod voice;

use std::sync::OnceLock;

use serde::Deserialize;

pub use synthetic::synthetic;

/// What can go wrong while a song or a cover is made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `assets/catalogue.toml` does not read as a catalogue.
    #[error("the demo catalogue cannot be read: {0}")]
    Recipe(String),
    /// The encoder refused the samples.
    #[error("the song cannot be encoded: {0}")]
    Encode(String),
    /// The cover cannot be drawn, as when its size is zero.
    #[error("the cover cannot be drawn: {0}")]
    Draw(String),
}

/// One invented song: what the service says of it, and the seed its sound and cover grow from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoSong {
    /// In the script of its language; nukta letters come precomposed in some titles and decomposed in others.
    pub title: String,
    /// The performer.
    pub artist: String,
    /// The record it is on.
    pub album: String,
    /// ISO 639-1: `hi`, `ta`, `te`, `bn`, `pa` or `en`.
    pub language: String,
    /// One or more, the main one first.
    pub genre: Vec<String>,
    /// Four digits.
    pub release_year: u16,
    /// 0 to 100.
    pub popularity: u8,
    /// Whether its words are for grown-ups.
    pub explicit: bool,
    /// Whole seconds; the rendered sound is exactly as long.
    pub duration_s: u32,
    /// Decides score, timbre and cover.
    pub seed: u64,
    /// Lines of verse, where there are any.
    #[serde(default)]
    pub lyrics: Option<String>,
    /// What an analyser would say of the sound.
    pub metadata: SongMetadata,
    /// Whether the service offers the take without its lead.
    pub has_instrumental: bool,
    /// Ids at other services.
    #[serde(default)]
    pub external_ids: ExternalIds,
}

/// What an analyser would say of the sound.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SongMetadata {
    /// Beats a minute.
    pub bpm: u16,
    /// Tonic and mode, as in `D minor` or `A Bhairavi`.
    pub key: String,
    /// 0 to 1.
    pub energy: f32,
    /// 0 to 1.
    pub danceability: f32,
}

/// Ids at other services. All invented, in the form those services use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalIds {
    /// 22 letters and digits.
    #[serde(default)]
    pub spotify: Option<String>,
    /// 11 letters, digits, `-` and `_`.
    #[serde(default)]
    pub youtube: Option<String>,
    /// A lower-case UUID.
    #[serde(default)]
    pub lastfm: Option<String>,
}

/// Which take of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rendition {
    /// Lead and accompaniment.
    Original,
    /// The same take, sample for sample, without the lead.
    Instrumental,
}

#[derive(Deserialize)]
struct Recipe {
    song: Vec<DemoSong>,
}

/// The demo songs, parsed once from `assets/catalogue.toml`, in the order of that file.
pub fn demo() -> Result<&'static [DemoSong], Error> {
    static SONGS: OnceLock<Result<Vec<DemoSong>, String>> = OnceLock::new();
    SONGS
        .get_or_init(|| {
            toml::from_str::<Recipe>(include_str!("../../../../assets/catalogue.toml"))
                .map(|recipe| recipe.song)
                .map_err(|error| error.to_string())
        })
        .as_deref()
        .map_err(|reason| Error::Recipe(reason.clone()))
}

/// The song as FLAC: 44.1 kHz, 16 bit, stereo, exactly `duration_s` long. The same bytes every time on one machine.
pub fn render(song: &DemoSong, rendition: Rendition) -> Result<Vec<u8>, Error> {
    flac::encode(&mix::Mix::of(song)?.samples(rendition))
}

/// The cover as a square PNG of `size` pixels a side.
pub fn cover_png(song: &DemoSong, size: u32) -> Result<Vec<u8>, Error> {
    covers::draw(song, size)
}
