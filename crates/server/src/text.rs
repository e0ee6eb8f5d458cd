//! Text as it is searched: what a listener types finds what a catalogue spells.

use unicode_normalization::UnicodeNormalization;

/// Lower case, without the marks that people leave out when they type (Latin accents, nukta, niqqud,
/// harakat) and without joiners; everything else kept, so that vowel signs still tell words apart.
pub(crate) fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_left_out(*c)).flat_map(char::to_lowercase).nfc().collect()
}

fn is_left_out(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{640}'
        | '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{abc}' | '\u{b3c}' | '\u{cbc}'
        | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{2060}' | '\u{feff}')
}

/// How a folded query is looked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Needle {
    /// Each word begins a word of the song: an FTS5 expression.
    Words(String),
    /// Anywhere in the text. For scripts that write no spaces, and for signs.
    Anywhere(String),
}

/// `None` when nothing is left to look for.
pub(crate) fn needle(query: &str, column: Option<&str>) -> Option<Needle> {
    let folded = fold(query);
    let folded = folded.trim();
    if folded.is_empty() {
        return None;
    }
    let words: Vec<&str> = folded
        .split(|c: char| c.is_whitespace() || c.is_ascii_punctuation())
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() || folded.chars().any(writes_no_spaces) {
        return Some(Needle::Anywhere(folded.to_owned()));
    }
    let all: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let all = all.join(" AND ");
    Some(Needle::Words(match column {
        Some(column) => format!("{{{column}}} : ({all})"),
        None => all,
    }))
}

/// Thai to Burmese, Khmer, and everything from kana to Han.
fn writes_no_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_marks_that_people_leave_out_and_keeps_vowel_signs() {
        assert_eq!(fold("Café"), "cafe");
        assert_eq!(fold("क़सम"), fold("क\u{93c}सम"));
        assert_eq!(fold("ज़िंदगी"), fold("जिंदगी"));
        assert_ne!(fold("दिल"), fold("दाल"));
        assert_eq!(fold("שָׁלוֹם"), fold("שלום"));
        assert_eq!(fold("ЁЛКА"), fold("елка"));
    }

    #[test]
    fn words_become_prefixes_and_unspaced_scripts_are_looked_for_anywhere() {
        assert_eq!(needle("Dil se", None), Some(Needle::Words("\"dil\"* AND \"se\"*".into())));
        assert_eq!(needle("dil", Some("artist")), Some(Needle::Words("{artist} : (\"dil\"*)".into())));
        assert_eq!(needle("a\"b", None), Some(Needle::Words("\"a\"* AND \"b\"*".into())));
        assert_eq!(needle("夜", None), Some(Needle::Anywhere("夜".into())));
        assert_eq!(needle("100%", None), Some(Needle::Words("\"100\"*".into())));
        assert_eq!(needle("%", None), Some(Needle::Anywhere("%".into())));
        assert_eq!(needle("  \u{200d} ", None), None);
    }
}
