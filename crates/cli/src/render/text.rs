//! Text in columns: its width on a terminal, cut and padded between what people see as letters.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Text of a service made safe for a terminal and for one line: what would move the cursor, colour
/// the screen or turn the reading direction of the rest is left out, blanks become spaces.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

/// Terminal columns that the text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(grapheme_width).sum()
}

/// A cluster is drawn in one or two cells however many marks it has; conjuncts may take more.
fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width()
}

/// The text in at most `columns`, with an ellipsis for what is cut, never within a letter.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut fitted = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme_width(grapheme);
        if used + wide > columns - 1 {
            break;
        }
        used += wide;
        fitted.push_str(grapheme);
    }
    fitted.truncate(fitted.trim_end().len());
    fitted.push('…');
    fitted
}

/// The text cut or padded to exactly `columns`.
pub fn column(text: &str, columns: usize, right: bool) -> String {
    let fitted = fit(text, columns);
    let blanks = " ".repeat(columns.saturating_sub(width(&fitted)));
    if right { blanks + &fitted } else { fitted + &blanks }
}

/// Seconds as people read them: `3:05`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let whole = if seconds.is_finite() && seconds > 0.0 { seconds as u64 } else { 0 };
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Bytes as people read them: `812 kB`, `3.4 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// A count with its noun: `1 song`, `3 songs`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_joiners_take_no_column_of_their_own() {
        assert_eq!(width("é"), 1);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("👩‍🎤"), 2);
        assert_eq!(width("שָׁלוֹם"), 4);
    }

    #[test]
    fn a_cut_falls_between_letters() {
        // क्षि is one letter of four code points; स्ते another.
        assert_eq!(fit("e\u{301}tude", 3), "e\u{301}t…");
        for text in ["नमस्ते दुनिया", "காதல் கண்மணி", "ভালোবাসা তোমার", "日本の歌", "मेघ 🎵 राग"]
        {
            for columns in 0..=width(text) {
                let fitted = fit(text, columns);
                assert!(width(&fitted) <= columns, "{text} in {columns}: {fitted}");
                let kept = fitted.strip_suffix('…').unwrap_or(&fitted);
                let letters: Vec<_> = text.graphemes(true).collect();
                let whole: Vec<_> = kept.graphemes(true).collect();
                assert_eq!(whole, letters[..whole.len()], "{text} in {columns}");
            }
        }
    }

    #[test]
    fn a_column_is_as_wide_as_it_was_asked_to_be() {
        for text in ["दिल", "a much longer title than fits", "日本の歌", ""] {
            for columns in [1, 4, 9] {
                assert_eq!(width(&column(text, columns, false)), columns, "{text}");
                assert_eq!(width(&column(text, columns, true)), columns, "{text}");
            }
        }
        assert_eq!(column("3:05", 6, true), "  3:05");
    }

    #[test]
    fn nothing_of_the_service_moves_the_cursor() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\td\u{9b}e\u{202e}f"), "a[2Jb c def");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(clock(45.9), "0:45");
        assert_eq!(clock(3723.0), "1:02:03");
        assert_eq!(clock(f64::NAN), "0:00");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(3_440_000), "3.4 MB");
        assert_eq!(counted(1, "song"), "1 song");
        assert_eq!(counted(0, "song"), "0 songs");
    }
}
