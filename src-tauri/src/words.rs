//! The few words that the desktop itself shows, in the languages of the screen.

use melody_core::{Language, Preferences};

/// The words of one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub nothing_on: &'static str,
    pub show: &'static str,
    pub play: &'static str,
    pub pause: &'static str,
    pub next: &'static str,
    pub quit: &'static str,
}

const ENGLISH: Words = Words {
    nothing_on: "Nothing is playing",
    show: "Show Melody Studio",
    play: "Play",
    pause: "Pause",
    next: "Next song",
    quit: "Quit",
};

const HINDI: Words = Words {
    nothing_on: "अभी कुछ नहीं बज रहा",
    show: "Melody Studio दिखाएँ",
    play: "चलाएँ",
    pause: "रोकें",
    next: "अगला गाना",
    quit: "बंद करें",
};

/// The words that a listener wants, or else those of the system.
pub fn of(preferences: Preferences) -> &'static Words {
    match preferences.language {
        Some(language) => of_language(language),
        None => of_system(sys_locale::get_locale().as_deref()),
    }
}

fn of_language(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::Hi => &HINDI,
    }
}

fn of_system(locale: Option<&str>) -> &'static Words {
    let language = locale.unwrap_or_default().split(['-', '_', '.']).next();
    of_language(if language == Some("hi") { Language::Hi } else { Language::En })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_language_is_known_by_its_first_part() {
        assert_eq!(of_system(Some("hi-IN")), &HINDI);
        assert_eq!(of_system(Some("hi")), &HINDI);
        // Hiri Motu is not Hindi.
        assert_eq!(of_system(Some("hil-PH")), &ENGLISH);
        assert_eq!(of_system(None), &ENGLISH);
    }
}
