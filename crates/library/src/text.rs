//! Words as they are indexed and asked for: one spelling for everything that a listener would call the same.
//!
//! Compatibility forms are unfolded, case is folded, and what people leave out when they type is left
//! out: nukta, niqqud, harakat, joiners, diacritics of Latin and Greek. Vowel signs and virama stay: they
//! are letters. Each emoji is a word. The result holds nothing that full-text search takes for an operator.

use crate::sound;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words of a query beyond which more would only cost time.
const QUERY_WORDS: usize = 16;

/// Letters of a word that tell how it sounds.
const SOUNDING: usize = 3;

/// Before a word in the index of sounds: the script that it is written in. Within one script spelling tells more.
const LATIN: char = 'l';
const INDIAN: char = 'i';

/// Stands before a word that is a mark rather than a text: an emoji, a language. Private use, so that
/// no text of a listener or a title contains it: [`words`] drops it.
const MARK: char = '\u{e000}';

/// The words of a text, normalised.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Words::default();
    let mut letters = text.nfkd().peekable();
    let mut accented = false;
    while let Some(c) = letters.next() {
        if is_left_out(c) {
            continue;
        }
        if is_combining_mark(c) {
            if !(accented && is_accent(c)) {
                words.push(c);
            }
            continue;
        }
        accented = takes_accents(c);
        match c {
            '\'' | '\u{2019}' | '\u{2bc}' | '\u{2bb}' | '\u{5f3}' | '`' => words.apostrophe(),
            '\u{1f1e6}'..='\u{1f1ff}' => {
                let second = letters.next_if(|next| ('\u{1f1e6}'..='\u{1f1ff}').contains(next));
                words.symbol(c, second);
            }
            _ if is_symbol(c) => words.symbol(c, None),
            _ if c.is_alphanumeric() => fold(c, |folded| words.push(folded)),
            _ => words.end(),
        }
    }
    words.finish()
}

/// A text as it goes into the index, and as it is sorted and compared by.
pub(crate) fn key(text: &str) -> String {
    words(text).join(" ")
}

/// The word under which a song's language is indexed.
pub(crate) fn language_mark(language: &str) -> String {
    let letters = language.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    std::iter::once(MARK).chain(letters).collect()
}

/// What to ask the index of sounds for: the same words, as they sound in the other script, Latin or an Indian one.
/// `None` if any of them has no sound here, or all are so short that they would sound like everything.
pub(crate) fn sound_query(text: &str, columns: &str, language: Option<&str>) -> Option<String> {
    let words = words(text);
    let last = words.len().checked_sub(1)?;
    let short = words.len() < SOUNDING && words.iter().all(|word| word.chars().count() < SOUNDING);
    if short || words.len() > QUERY_WORDS {
        return None;
    }
    let mut parts = Vec::with_capacity(words.len() + 1);
    for (at, word) in words.iter().enumerate() {
        // A short sound in the midst of others is a word of its own; what is typed last may go on.
        let ways = sound::spellings(word).into_iter().map(|sound| {
            let goes_on = sound.len() >= SOUNDING || (at == last && sound.len() > 1);
            let other = if is_latin(word) { INDIAN } else { LATIN };
            format!("{{{columns}}} : \"{other}{sound}\"{}", if goes_on { "*" } else { "" })
        });
        let ways: Vec<String> = ways.collect();
        if ways.is_empty() {
            return None;
        }
        parts.push(format!("({})", ways.join(" OR ")));
    }
    if let Some(language) = language {
        parts.push(format!("{{language}} : \"{}\"", language_mark(language)));
    }
    Some(parts.join(" AND "))
}

/// All that the words of a text may sound like, as it goes into the index.
pub(crate) fn sounds(text: &str) -> String {
    let marked = |word: &String| {
        let script = if is_latin(word) { LATIN } else { INDIAN };
        sound::spellings(word).into_iter().map(move |sound| format!("{script}{sound}"))
    };
    words(text).iter().flat_map(marked).collect::<Vec<_>>().join(" ")
}

fn is_latin(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What to ask the index for: every word as the beginning of one, emoji whole, in any of `columns`;
/// `None` if the text holds no word.
pub(crate) fn query(text: &str, columns: &str, language: Option<&str>) -> Option<String> {
    let mut words = words(text);
    // The longest first, each once: "tu" asks for nothing that "tum" has not asked for.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let said =
            |longer: &String| *longer == word || (!word.starts_with(MARK) && longer.starts_with(&word));
        if !kept.iter().any(said) {
            kept.push(word);
        }
    }
    kept.truncate(QUERY_WORDS);
    if kept.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = kept
        .iter()
        .map(|word| {
            let star = if word.starts_with(MARK) { "" } else { "*" };
            format!("{{{columns}}} : \"{word}\"{star}")
        })
        .collect();
    if let Some(language) = language {
        parts.push(format!("{{language}} : \"{}\"", language_mark(language)));
    }
    Some(parts.join(" AND "))
}

/// The words found so far, and the one being built.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    word: String,
    /// Where in `word` an apostrophe stood.
    apostrophe: Option<usize>,
}

impl Words {
    fn push(&mut self, c: char) {
        // A sign without a letter before it is a slip of the typist, not a word.
        if !self.word.is_empty() || !is_combining_mark(c) {
            self.word.push(c);
        }
    }

    /// `don't` is one word, `l'amour` two: what follows a contraction's apostrophe is short.
    fn apostrophe(&mut self) {
        if self.apostrophe.is_some() {
            self.end();
        } else if !self.word.is_empty() {
            self.apostrophe = Some(self.word.len());
        }
    }

    fn end(&mut self) {
        let word = std::mem::take(&mut self.word);
        match self.apostrophe.take().map(|at| word.split_at(at)) {
            Some((before, after)) if after.chars().count() > 2 => {
                self.keep(before);
                self.keep(after);
            }
            _ => self.keep(&word),
        }
    }

    fn keep(&mut self, word: &str) {
        if !word.is_empty() {
            self.done.push(word.nfc().collect());
        }
    }

    fn symbol(&mut self, first: char, second: Option<char>) {
        self.end();
        let second = second.map(|c| format!("x{:x}", u32::from(c))).unwrap_or_default();
        self.done.push(format!("{MARK}{:x}{second}", u32::from(first)));
    }

    fn finish(mut self) -> Vec<String> {
        self.end();
        self.done
    }
}

/// Letters of Latin and Greek, which readers type without their accents.
fn takes_accents(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}'
        | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}')
}

/// Marks that sit on Latin and Greek letters.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{fe20}'..='\u{fe2f}')
}

/// What leaves no trace: characters that cannot be seen, and marks that people do not type.
fn is_left_out(c: char) -> bool {
    matches!(c,
        // Soft hyphen, joiners, direction marks, variation selectors, tags, byte order mark, skin tones,
        // the keycap, and our own mark.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}' | MARK
        // Nukta of Devanagari, Bengali, Gurmukhi, Gujarati, Odia and Kannada.
        | '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{abc}' | '\u{b3c}' | '\u{cbc}'
        // Niqqud and cantillation; harakat, Koranic marks, hamza above and below, tatweel.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}

/// Pictures: the blocks in which emoji and their older relatives live, without the mathematics between them.
fn is_symbol(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{1f000}'..='\u{1faff}')
}

/// Case, digits and letters that have two spellings.
fn fold(c: char, mut out: impl FnMut(char)) {
    /// Where the ten digits of each script begin.
    const ZEROS: [char; 17] = [
        '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
        '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}',
    ];
    let digit = ZEROS.iter().find_map(|&zero| {
        let value = u32::from(c).checked_sub(u32::from(zero)).filter(|value| *value < 10)?;
        char::from_digit(value, 10)
    });
    if let Some(digit) = digit {
        return out(digit);
    }
    let two = match c {
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ł' | 'Ł' => "l",
        'ħ' | 'Ħ' => "h",
        'ŧ' | 'Ŧ' => "t",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'þ' | 'Þ' => "th",
        // The chillu letters and khanda ta, which older text writes with a virama and a joiner.
        'ൺ' => "ണ്",
        'ൻ' => "ന്",
        'ർ' => "ര്",
        'ൽ' => "ല്",
        'ൾ' => "ള്",
        'ൿ' => "ക്",
        'ৎ' => "ত্",
        // The Arabic yeh and kaf, where Urdu and Persian type their own.
        'ي' | 'ى' => "ی",
        'ك' => "ک",
        _ => "",
    };
    if !two.is_empty() {
        return two.chars().for_each(out);
    }
    // Down, up and down again is full case folding: ß and ẞ, σ and ς, ı and i meet.
    let upper = c.to_lowercase().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).for_each(out);
}
