//! How a word sounds, roughly: one spelling for what is written in an Indian script and what people type for it in
//! Latin letters. `तुम`, `tum` and `toom` are one; so are `काला` and `kala`, and, since nobody writes the vowels of
//! Hindi alike, `कल` and `kaala` too. So these spellings find across scripts only, after what is spelt as it was asked
//! for.
//!
//! The letters of the scripts come from `any_ascii`. What depends on the letters around is ours: the vowel that a
//! consonant brings along, and the voice of Tamil's stops, which its script does not write.

use any_ascii::any_ascii_char;

/// The spellings of a word, as it is indexed: more than one where a script leaves the sound open; none in scripts that
/// are not read here.
pub(crate) fn spellings(word: &str) -> Vec<String> {
    let mut found: Vec<String> =
        romans(word).iter().map(|roman| folded(roman)).filter(|it| !it.is_empty()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A word in Latin letters, in each way in which it may be read.
fn romans(word: &str) -> Vec<String> {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return typed(word);
    }
    let letters: Option<Vec<(char, Letter)>> = word.chars().map(|c| Some((c, letter(c)?))).collect();
    let Some(mut letters) = letters else { return Vec::new() };
    let mut ways = written(&letters);
    // A nasal at the end is typed or not.
    while letters.len() > 1 && letters.last().is_some_and(|(_, letter)| *letter == Letter::Nasal) {
        letters.pop();
        ways.extend(written(&letters));
    }
    ways
}

/// What is typed in Latin letters: `hum` may be said with the vowel that a consonant brings along.
fn typed(word: &str) -> Vec<String> {
    let mut ways = vec![word.to_owned()];
    let letters: Vec<char> = word.chars().collect();
    let short = matches!(letters[..], [first, 'u', last] if !is_vowel(first) && !is_vowel(last));
    if short || word.starts_with("hum") {
        ways.push(word.replacen('u', "a", 1));
    }
    ways
}

/// A word of an Indian script.
fn written(letters: &[(char, Letter)]) -> Vec<String> {
    match block(letters[0].0) {
        TAMIL => {
            let voices = [Voice::Rule, Voice::None, Voice::NotThe, Voice::First];
            let mut ways: Vec<String> = voices
                .iter()
                .map(|voice| read(letters, |at| tamil(letters, at, *voice), "a", true))
                .collect();
            // Its first letter may be either.
            if letters[0].0 == 'ச' {
                ways.extend(ways.clone().iter().map(|way| way.replacen('s', "ch", 1)));
            }
            ways
        }
        BENGALI => {
            let consonant = |at: usize| consonant(letters[at].0, at == 0);
            vec![read(letters, consonant, "a", false), read(letters, consonant, "o", true)]
        }
        script => {
            // From Telugu on the vowel at the end is said.
            let ends_open = script > TAMIL;
            vec![read(letters, |at| consonant(letters[at].0, at == 0), "a", ends_open)]
        }
    }
}

/// Which of Tamil's stops are voiced.
#[derive(Clone, Copy, PartialEq)]
enum Voice {
    /// Those between vowels and behind nasals.
    Rule,
    None,
    /// As the rule says, but `th`, which people type for both.
    NotThe,
    /// As the rule says, and the first letter, as in words from elsewhere.
    First,
}

const BENGALI: u32 = 0x980;
const TAMIL: u32 = 0xb80;

/// Where the block of a script begins. The blocks from Devanagari to Malayalam are laid out alike.
fn block(c: char) -> u32 {
    u32::from(c) & !0x7f
}

/// What a letter does for the sound of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Consonant,
    /// A vowel of its own, or a digit, or a letter of Latin among them.
    Vowel,
    /// A sign that takes the place of the vowel that the consonant brings along.
    Sign,
    Virama,
    Nasal,
    Silent,
}

/// What a letter of an Indian script or of Latin does; `None` for any other.
fn letter(c: char) -> Option<Letter> {
    if c.is_ascii_alphanumeric() {
        return Some(Letter::Vowel);
    }
    if !(0x900..0xd80).contains(&u32::from(c)) {
        return None;
    }
    Some(match (block(c), u32::from(c) & 0x7f) {
        // Tippi, addak.
        (0xa00, 0x70) | (_, 0x00..=0x02) => Letter::Nasal,
        (0xa00, 0x71) | (_, 0x03 | 0x3c | 0x3d) => Letter::Silent,
        (_, 0x15..=0x39) | (BENGALI, 0x70 | 0x71) => Letter::Consonant,
        (_, 0x3e..=0x4c | 0x55..=0x57) => Letter::Sign,
        (_, 0x4d) => Letter::Virama,
        _ => Letter::Vowel,
    })
}

/// Spells a word out; `inherent` is the vowel that a consonant brings along, at the end too if it `ends_open`.
fn read<'a>(
    letters: &[(char, Letter)],
    consonant: impl Fn(usize) -> &'a str,
    inherent: &str,
    ends_open: bool,
) -> String {
    let mut roman = String::new();
    for (at, (c, letter)) in letters.iter().enumerate() {
        let next = letters.get(at + 1).map(|(_, next)| *next);
        match letter {
            Letter::Consonant => {
                roman.push_str(consonant(at));
                let said = next.map_or(ends_open, |next| !matches!(next, Letter::Sign | Letter::Virama));
                if said {
                    roman.push_str(inherent);
                }
            }
            Letter::Nasal => roman.push_str(match block(*c) {
                BENGALI if u32::from(*c) & 0x7f == 0x02 => "ng",
                script if script > TAMIL && next.is_none() => "m",
                _ => "n",
            }),
            Letter::Virama | Letter::Silent => {}
            Letter::Vowel | Letter::Sign if c.is_ascii() => roman.push(*c),
            // The vocalic r, alone and as a sign.
            Letter::Vowel | Letter::Sign => match u32::from(*c) & 0x7f {
                0x0b | 0x43 => roman.push_str("ri"),
                _ => roman.push_str(any_ascii_char(*c)),
            },
        }
    }
    roman
}

/// A consonant, as it is usually typed.
fn consonant(c: char, first: bool) -> &'static str {
    match any_ascii_char(c) {
        "c" => "ch",
        // Bengali's ya is a ja where a word begins.
        "y" if first && block(c) == BENGALI => "j",
        letters => letters,
    }
}

/// A consonant of Tamil: its script does not write whether a stop is voiced.
fn tamil(letters: &[(char, Letter)], at: usize, voice: Voice) -> &'static str {
    let c = letters[at].0;
    let before =
        at.checked_sub(2).filter(|_| letters[at - 1].1 == Letter::Virama).map(|before| letters[before].0);
    let doubled = before == Some(c)
        || (letters.get(at + 1).is_some_and(|(_, next)| *next == Letter::Virama)
            && letters.get(at + 2).is_some_and(|(next, _)| *next == c));
    let soft = before.is_none_or(|before| "ஙஞணநமனரலளழய".contains(before));
    let voiced = match voice {
        Voice::None => false,
        Voice::NotThe if c == 'த' => false,
        Voice::First if at == 0 => true,
        _ => at > 0 && !doubled && soft,
    };
    match (c, voiced) {
        ('ற', _) if before == Some('ற') => "r",
        ('ற', _) if doubled => "t",
        ('ற', _) if before == Some('ன') => "dr",
        ('க', true) => "g",
        ('ச', true) if before == Some('ஞ') => "j",
        ('ச', _) if doubled => "ch",
        ('ச', _) => "s",
        ('ட' | 'த', true) => "d",
        ('ப', true) => "b",
        _ => any_ascii_char(c),
    }
}

/// Letters that are typed in several ways, each group as one; the longer first.
const GROUPS: &[(&str, &str)] = &[
    ("chh", "c"),
    ("ch", "c"),
    ("sh", "s"),
    ("ph", "f"),
    ("kh", "k"),
    ("gh", "g"),
    ("jh", "j"),
    ("th", "t"),
    ("dh", "d"),
    ("bh", "b"),
    ("rh", "r"),
    ("zh", "l"),
    ("ck", "k"),
    ("aa", "a"),
    ("ee", "i"),
    ("ii", "i"),
    ("oo", "u"),
    ("uu", "u"),
    ("x", "ks"),
    ("q", "k"),
    ("c", "k"),
    ("w", "v"),
    ("z", "j"),
];

/// One spelling for all that is typed for a sound: groups of letters as one, doubled letters once, diphthongs as the
/// vowel that they come near, glides between vowels and the `a` within a word left out.
fn folded(roman: &str) -> String {
    let mut letters: Vec<char> = Vec::with_capacity(roman.len());
    let mut rest = roman;
    while let Some(first) = rest.chars().next() {
        let group = GROUPS.iter().find(|(from, _)| rest.starts_with(from));
        // `ow` before a consonant is a vowel.
        let (from, to) = match group {
            Some(("w", _)) if letters.last() == Some(&'o') && !begins_with_vowel(&rest[1..]) => ("w", "u"),
            Some((from, to)) => (*from, *to),
            None => (&rest[..first.len_utf8()], &rest[..first.len_utf8()]),
        };
        for letter in to.chars() {
            if letters.last() != Some(&letter) || letter.is_ascii_digit() {
                letters.push(letter);
            }
        }
        rest = &rest[from.len()..];
    }
    let letters = without_glides(&letters);
    let mut spelling = String::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let (letter, taken) = match (letters[at], next) {
            ('a' | 'e', Some('i')) | ('a', Some('e')) => ('e', 2),
            ('a', Some('v')) if letters.get(at + 2) == Some(&'u') => ('o', 3),
            ('a' | 'o', Some('u')) => ('o', 2),
            ('m', Some('p' | 'b' | 'f')) => ('n', 1),
            // `meh`, `mah` and `mh` are said alike.
            ('e', Some('h')) if at > 0 && letters.len() > at + 2 => ('a', 1),
            ('h', None) if at > 0 && is_vowel(letters[at - 1]) => ('a', 1),
            (letter, _) => (letter, 1),
        };
        if letter != 'a' || at == 0 {
            spelling.push(if letter == 'y' { 'i' } else { letter });
        }
        at += taken;
    }
    spelling
}

/// Drops each `y` that only joins two vowels; before a consonant it is an `i`.
fn without_glides(letters: &[char]) -> Vec<char> {
    let vowel = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|letter| is_vowel(*letter));
    let mut kept: Vec<char> = Vec::with_capacity(letters.len());
    for (at, letter) in letters.iter().enumerate() {
        let letter = match (letter, vowel(at.checked_sub(1)), vowel(Some(at + 1))) {
            ('y', true, true) => continue,
            ('y', true, false) => 'i',
            (letter, ..) => *letter,
        };
        if kept.last() != Some(&letter) || letter.is_ascii_digit() {
            kept.push(letter);
        }
    }
    kept
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

fn begins_with_vowel(text: &str) -> bool {
    text.chars().next().is_some_and(is_vowel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_sounds_like_what_is_written() {
        for (written, typed) in [
            ("तुम", "tum toom"),
            ("ही", "hi hee"),
            ("काला", "kala kaala"),
            ("दिलवाले", "dilwale dilvaale"),
            ("प्यार", "pyar pyaar"),
            ("ज़िंदगी", "zindagi jindagi zindagee"),
            ("छैया", "chaiya chhaiya"),
            ("फिर", "phir fir"),
            ("मोहब्बत", "mohabbat"),
            ("है", "hai"),
            ("क्षमा", "kshama xama"),
            ("कृष्ण", "krishna"),
            ("चंदा", "chanda chandaa"),
            ("காதல்", "kaadhal kadhal kathal"),
            ("மழை", "mazhai"),
            ("காற்று", "kaatru katru"),
            ("சின்ன", "chinna sinna"),
            ("நன்றி", "nandri"),
            ("ప్రేమ", "prema"),
            ("ভালোবাসা", "bhalobasha bhalobasa"),
            ("ਦਿਲ", "dil"),
        ] {
            let written: Vec<String> =
                crate::text::words(written).iter().flat_map(|word| spellings(word)).collect();
            for typed in typed.split(' ') {
                let asked = spellings(typed);
                assert!(asked.iter().any(|asked| written.contains(asked)), "{written:?}, {typed}: {asked:?}");
            }
        }
        assert!(spellings("שלום").is_empty() && spellings("дождь").is_empty());
    }
}
