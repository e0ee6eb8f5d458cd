//! The line that moves while a song plays.

use std::fmt::Write;

use super::colour::{Theme, Tone};
use super::text;

/// What the line shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Now {
    /// Title and artist.
    pub name: String,
    pub state: State,
    pub instrumental: bool,
    /// Seconds.
    pub at_s: f64,
    pub duration_s: Option<f64>,
    /// 0 to 1; not shown until it is changed.
    pub volume: Option<f32>,
    /// Where it stands in a queue of more than one: (third, of five).
    pub place: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Loading,
    Playing,
    Paused,
    Buffering,
}

/// The bar's least and most columns; the name gives way first.
const BAR: (usize, usize) = (6, 40);

/// `▶ title — artist  0:12 ━━━━╸──── 0:45  80%`, in at most `columns`. Without a name there is no song yet.
pub fn now_playing(now: &Now, theme: Theme, columns: usize) -> String {
    if now.name.is_empty() {
        return theme.paint(Tone::Faint, &text::fit("… Looking for the song", columns));
    }
    let sign = match now.state {
        State::Loading | State::Buffering => "…",
        State::Playing => "▶",
        State::Paused => "‖",
    };
    let at = text::clock(now.at_s);
    let end = now.duration_s.map(text::clock).unwrap_or_default();
    let mut tail = String::new();
    if let Some(volume) = now.volume {
        let _ = write!(tail, "  {}%", (volume * 100.0).round() as i32);
    }
    if let Some((place, of)) = now.place.filter(|(_, of)| *of > 1) {
        let _ = write!(tail, "  {place}/{of}");
    }
    let name = if now.instrumental { format!("{} (instrumental)", now.name) } else { now.name.clone() };

    // sign, blank, name, two blanks, clock, blank, bar, blank, clock, tail
    let fixed = 2 + 2 + text::width(&at) + 1 + 1 + text::width(&end) + text::width(&tail);
    let room = columns.saturating_sub(fixed);
    let name_room = text::width(&name).min(room.saturating_sub(BAR.0));
    if name_room == 0 {
        return text::fit(&format!("{sign} {at} / {end}{tail}"), columns);
    }
    let bar_room = (room - name_room).min(BAR.1);
    let (done, rest) = bar(now.at_s, now.duration_s, bar_room);
    format!(
        "{} {}  {at} {}{} {end}{}",
        theme.paint(Tone::Accent, sign),
        theme.paint(Tone::Strong, &text::column(&name, name_room, false)),
        theme.paint(Tone::Accent, &done),
        theme.paint(Tone::Faint, &rest),
        theme.paint(Tone::Faint, &tail),
    )
}

/// The part of the bar that has been heard, and the part to come.
fn bar(at_s: f64, duration_s: Option<f64>, columns: usize) -> (String, String) {
    let share = match duration_s {
        Some(duration) if duration > 0.0 => (at_s / duration).clamp(0.0, 1.0),
        _ => 0.0,
    };
    // In half columns, so that it moves twice as smoothly.
    let halves = (share * columns as f64 * 2.0).round() as usize;
    let mut done = "━".repeat(halves / 2);
    if halves % 2 == 1 {
        done.push('╸');
    }
    let rest = "─".repeat(columns - text::width(&done).min(columns));
    (done, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::colour::Depth;

    const PLAIN: Theme = Theme { depth: Depth::None };

    fn now() -> Now {
        Now {
            name: "Monsoon Letters — Asha".to_owned(),
            state: State::Playing,
            at_s: 12.0,
            duration_s: Some(48.0),
            ..Now::default()
        }
    }

    #[test]
    fn it_shows_what_plays_and_how_far() {
        assert_eq!(
            now_playing(&now(), PLAIN, 58),
            "▶ Monsoon Letters — Asha  0:12 ━━━━━╸──────────────── 0:48",
        );
        let paused = Now { state: State::Paused, volume: Some(0.8), place: Some((2, 3)), ..now() };
        let line = now_playing(&paused, PLAIN, 70);
        assert!(line.starts_with("‖ ") && line.ends_with("0:48  80%  2/3"), "{line}");
    }

    #[test]
    fn before_a_song_is_found_the_line_is_not_blank() {
        assert_eq!(now_playing(&Now::default(), PLAIN, 60), "… Looking for the song");
    }

    #[test]
    fn it_never_wraps() {
        for name in ["", "दिल की बात — सावन", "日本の歌", "a".repeat(300).as_str()]
        {
            for columns in 1..120 {
                let line = now_playing(&Now { name: name.to_owned(), ..now() }, PLAIN, columns);
                assert!(text::width(&line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn a_song_of_unknown_length_has_an_empty_bar() {
        let line = now_playing(&Now { duration_s: None, ..now() }, PLAIN, 60);
        assert!(!line.contains('━') && line.contains('─'), "{line}");
    }
}
