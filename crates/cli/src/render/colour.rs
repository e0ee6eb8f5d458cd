//! The one accent colour, and when there is colour at all.

use std::env;
use std::io::IsTerminal;

use clap::builder::styling::{Ansi256Color, Color, RgbColor, Style, Styles};

/// What a piece of text is; the theme knows how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Faint,
    Accent,
    Danger,
}

/// How many colours there are to paint with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    None,
    Sixteen,
    TwoHundred,
    Millions,
}

/// How one of the two output streams is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    pub depth: Depth,
}

// Marigold and danger of the dark palette, with their nearest neighbours in the 256-colour cube.
const MARIGOLD: (RgbColor, Ansi256Color) = (RgbColor(0xf6, 0xb9, 0x3b), Ansi256Color(214));
const DANGER: (RgbColor, Ansi256Color) = (RgbColor(0xff, 0x8a, 0x7f), Ansi256Color(210));

impl Theme {
    pub fn of_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    pub fn of_stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    fn of(terminal: bool) -> Self {
        let variable = |name: &str| env::var(name).unwrap_or_default();
        Self {
            depth: if terminal {
                depth(&variable("NO_COLOR"), &variable("CLICOLOR"), &variable("TERM"), &variable("COLORTERM"))
            } else {
                Depth::None
            },
        }
    }

    /// The text in this tone, and as it was afterwards.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let style = self.style(tone);
        format!("{style}{text}{style:#}")
    }

    fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        if self.depth == Depth::None {
            return style;
        }
        let coloured = |(rgb, near): (RgbColor, Ansi256Color), last| {
            style.fg_color(Some(match self.depth {
                Depth::Millions => Color::Rgb(rgb),
                Depth::TwoHundred => Color::Ansi256(near),
                Depth::Sixteen | Depth::None => last,
            }))
        };
        match tone {
            Tone::Plain => style,
            Tone::Strong => style.bold(),
            Tone::Faint => style.dimmed(),
            Tone::Accent => coloured(MARIGOLD, Color::Ansi(clap::builder::styling::AnsiColor::Yellow)),
            Tone::Danger => coloured(DANGER, Color::Ansi(clap::builder::styling::AnsiColor::Red)),
        }
    }
}

fn depth(no_color: &str, clicolor: &str, term: &str, colorterm: &str) -> Depth {
    if !no_color.is_empty() || clicolor == "0" || term == "dumb" {
        Depth::None
    } else if matches!(colorterm, "truecolor" | "24bit") {
        Depth::Millions
    } else if term.contains("256color") {
        Depth::TwoHundred
    } else {
        Depth::Sixteen
    }
}

/// How clap paints its help and errors; it decides itself whether the terminal takes colour.
pub const fn help_styles() -> Styles {
    let accent = Style::new().fg_color(Some(Color::Ansi256(MARIGOLD.1)));
    Styles::styled()
        .header(Style::new().bold())
        .usage(Style::new().bold())
        .literal(accent)
        .placeholder(Style::new().dimmed())
        .valid(accent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_wants_no_colour_gets_none() {
        assert_eq!(depth("1", "", "xterm-256color", "truecolor"), Depth::None);
        assert_eq!(depth("", "0", "xterm-256color", "truecolor"), Depth::None);
        assert_eq!(depth("", "", "dumb", ""), Depth::None);
        assert_eq!(depth("", "1", "xterm", ""), Depth::Sixteen);
        assert_eq!(depth("", "", "xterm-256color", ""), Depth::TwoHundred);
        assert_eq!(depth("", "", "xterm-256color", "truecolor"), Depth::Millions);
    }

    #[test]
    fn without_colour_a_text_stays_as_it_is() {
        let plain = Theme { depth: Depth::None };
        for tone in [Tone::Plain, Tone::Strong, Tone::Faint, Tone::Accent, Tone::Danger] {
            assert_eq!(plain.paint(tone, "दिल"), "दिल");
        }
        let rich = Theme { depth: Depth::Millions };
        assert_eq!(rich.paint(Tone::Accent, "x"), "\u{1b}[38;2;246;185;59mx\u{1b}[0m");
    }
}
