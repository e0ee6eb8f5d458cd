//! The syllables of a song's own lyrics, so that its lead sings the vowels that are written.

use super::rng::Rng;

/// The five places a sung vowel can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vowel {
    A,
    E,
    I,
    O,
    U,
}

/// How a syllable begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onset {
    /// With its vowel.
    Open,
    /// m, n.
    Nasal,
    /// l, r, v, y.
    Liquid,
    /// k, t, p and their kin.
    Stop,
    /// s, sh, h.
    Hiss,
}

/// One syllable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syllable {
    pub onset: Onset,
    pub vowel: Vowel,
}

/// Lines of syllables, one for each line of text that has any; a few lines of "la na re" when there is no text.
pub fn lines(lyrics: Option<&str>, rng: &mut Rng) -> Vec<Vec<Syllable>> {
    let written: Vec<_> =
        lyrics.unwrap_or_default().lines().map(line).filter(|syllables| syllables.len() > 2).collect();
    if !written.is_empty() {
        return written;
    }
    (0..4)
        .map(|_| {
            (0..12)
                .map(|_| Syllable {
                    onset: rng.pick(&[Onset::Liquid, Onset::Nasal, Onset::Liquid, Onset::Open]),
                    vowel: rng.pick(&[Vowel::A, Vowel::A, Vowel::E, Vowel::O]),
                })
                .collect()
        })
        .collect()
}

enum Sign {
    Consonant(Onset),
    Vowel(Vowel),
    /// Takes the inherent vowel away.
    Virama,
    /// Anusvara, nukta, digits: nothing to sing.
    Silent,
}

/// The five scripts of the demo share one layout, 128 code points each, so that one table reads them all.
fn indic(character: char) -> Option<Sign> {
    let code = u32::from(character);
    let base = [0x0900, 0x0980, 0x0A00, 0x0B80, 0x0C00]
        .into_iter()
        .find(|&base| (base..base + 0x80).contains(&code))?;
    Some(match code - base {
        0x05 | 0x06 | 0x3E => Sign::Vowel(Vowel::A),
        0x07 | 0x08 | 0x0B | 0x3F | 0x40 | 0x43 => Sign::Vowel(Vowel::I),
        0x09 | 0x0A | 0x41 | 0x42 => Sign::Vowel(Vowel::U),
        0x0E..=0x10 | 0x46..=0x48 => Sign::Vowel(Vowel::E),
        0x12..=0x14 | 0x4A..=0x4C => Sign::Vowel(Vowel::O),
        0x19 | 0x1E | 0x23 | 0x28 | 0x29 | 0x2E => Sign::Consonant(Onset::Nasal),
        0x2F..=0x35 => Sign::Consonant(Onset::Liquid),
        0x36..=0x39 => Sign::Consonant(Onset::Hiss),
        0x15..=0x2D | 0x58..=0x5F => Sign::Consonant(Onset::Stop),
        0x4D => Sign::Virama,
        _ => Sign::Silent,
    })
}

fn latin(character: char) -> Option<Sign> {
    Some(match character.to_ascii_lowercase() {
        'a' => Sign::Vowel(Vowel::A),
        'e' => Sign::Vowel(Vowel::E),
        'i' | 'y' => Sign::Vowel(Vowel::I),
        'o' => Sign::Vowel(Vowel::O),
        'u' => Sign::Vowel(Vowel::U),
        'm' | 'n' => Sign::Consonant(Onset::Nasal),
        'l' | 'r' | 'v' | 'w' => Sign::Consonant(Onset::Liquid),
        's' | 'h' | 'f' | 'z' => Sign::Consonant(Onset::Hiss),
        letter if letter.is_ascii_lowercase() => Sign::Consonant(Onset::Stop),
        _ => return None,
    })
}

fn line(text: &str) -> Vec<Syllable> {
    text.split_whitespace().flat_map(word).collect()
}

fn word(text: &str) -> Vec<Syllable> {
    let mut sung = Vec::new();
    let mut waiting: Option<Onset> = None;
    let mut after_vowel = false;
    // Tamil and Telugu speak the inherent vowel at the end of a word; the northern languages do not.
    let mut speaks_last = false;
    let mut is_latin = false;
    for character in text.chars() {
        let sign = indic(character);
        is_latin |= sign.is_none();
        speaks_last |= u32::from(character) >= 0x0B80;
        match sign.or_else(|| latin(character)) {
            Some(Sign::Consonant(onset)) => {
                if let Some(before) = waiting.filter(|_| !is_latin) {
                    sung.push(Syllable { onset: before, vowel: Vowel::A });
                }
                waiting = Some(onset);
                after_vowel = false;
            }
            // Two vowels together are one in Latin spelling.
            Some(Sign::Vowel(_)) if is_latin && after_vowel => {}
            Some(Sign::Vowel(vowel)) => {
                sung.push(Syllable { onset: waiting.take().unwrap_or(Onset::Open), vowel });
                after_vowel = true;
            }
            Some(Sign::Virama) => waiting = None,
            Some(Sign::Silent) | None => {}
        }
    }
    if let Some(onset) = waiting.filter(|_| !is_latin && (speaks_last || sung.is_empty())) {
        sung.push(Syllable { onset, vowel: Vowel::A });
    }
    sung
}
