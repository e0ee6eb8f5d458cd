//! Songs, in a list and in full.

use std::fmt::Write;

use melody_core::{ErrorReport, FoundSongs, From, FullSong, OneSong, TrendingSongs};
use melody_model::SongView;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::table::Column;
use super::text;
use crate::exit::Halt;

/// A row of a song: what [`row`] gives.
pub const COLUMNS: &[Column] = &[
    Column::new(""),
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Album").tone(Tone::Faint).shown_from(120).shrinks_to(8),
    Column::new("Language").tone(Tone::Faint).shown_from(100),
    Column::new("Length").right(),
    Column::new("ID").tone(Tone::Faint),
];

/// What the marks before a title mean.
pub const SAVED: &str = "✓";
pub const DOWNLOADED: &str = "↓";
pub const WAITING: &str = "○";

pub fn found(out: &Output, found: &FoundSongs) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&found.songs, found.not_kept.as_ref()))?;
    let place = match found.from {
        From::Service => "",
        From::Local => " on this machine",
    };
    let shown = found.songs.len() as u64;
    let mut summary = match (shown, found.total) {
        (0, _) => format!("No songs found{place}."),
        (shown, total) if shown >= total => format!("{}{place}.", text::counted(shown, "song")),
        (shown, total) => {
            let more = if found.total_exact { "" } else { "more than " };
            format!("{shown} of {more}{}{place}.", text::counted(total, "song"))
        }
    };
    if found.skipped > 0 {
        let items = text::counted(found.skipped as u64, "item");
        let _ = write!(summary, " {items} of the answer could not be read.");
    }
    summary.push_str(&legend(&found.songs));
    out.note(&summary);
    warn(out, found.not_kept.as_ref());
    Ok(())
}

pub fn trending(out: &Output, trending: &TrendingSongs) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&trending.songs, trending.not_kept.as_ref()))?;
    let summary = match trending.songs.len() {
        0 => "Nothing is trending there.".to_owned(),
        count => format!("{}.{}", text::counted(count as u64, "song"), legend(&trending.songs)),
    };
    out.note(&summary);
    warn(out, trending.not_kept.as_ref());
    Ok(())
}

/// Rows with our ids; where those end with this command, with the service's, which can be typed all the same.
fn rows(songs: &[SongView], not_kept: Option<&ErrorReport>) -> Vec<Vec<String>> {
    let row_of = |view: &SongView| {
        let mut row = row(view, marks(view.in_library, view.downloaded, false));
        if let (Some(_), Some(server_id), Some(id)) = (not_kept, &view.song.server_id, row.last_mut()) {
            *id = server_id.to_string();
        }
        row
    };
    songs.iter().map(row_of).collect()
}

/// Says that an answer was not kept.
fn warn(out: &Output, not_kept: Option<&ErrorReport>) {
    if let Some(report) = not_kept {
        out.note(&format!("The answer could not be kept, and the IDs are the service's. {}", report.message));
    }
}

/// One song as a row: marks, title, artist, album, language, length, ID.
pub fn row(view: &SongView, marks: String) -> Vec<String> {
    let content = &view.song.content;
    vec![
        marks,
        cell(&content.title),
        cell(&content.artist),
        cell(content.album.as_deref().unwrap_or_default()),
        cell(content.language.as_deref().unwrap_or_default()),
        content.duration_s.map(|s| text::clock(f64::from(s))).unwrap_or_default(),
        view.song.id.to_string(),
    ]
}

pub fn marks(saved: bool, downloaded: bool, waiting: bool) -> String {
    [(saved, SAVED), (downloaded, DOWNLOADED), (waiting, WAITING)]
        .into_iter()
        .filter_map(|(shown, mark)| shown.then_some(mark))
        .collect()
}

fn legend(songs: &[SongView]) -> String {
    let mut legend = String::new();
    if songs.iter().any(|song| song.in_library) {
        let _ = write!(legend, "  {SAVED} saved");
    }
    if songs.iter().any(|song| song.downloaded) {
        let _ = write!(legend, "  {DOWNLOADED} on this machine");
    }
    legend
}

/// Title and artist as one phrase.
pub fn name(view: &SongView) -> String {
    let content = &view.song.content;
    if content.artist.is_empty() {
        cell(&content.title)
    } else {
        cell(&format!("{} — {}", content.title, content.artist))
    }
}

pub fn full(out: &Output, OneSong { song, not_kept }: &OneSong) -> Result<(), Halt> {
    let theme = out.theme;
    let facts = facts(song);
    if out.reader == Reader::Pipe {
        for (name, value) in facts {
            output::line(&format!("{}\t{value}", name.to_lowercase().replace(' ', "_")))?;
        }
    } else {
        let content = &song.view.song.content;
        output::line(&theme.paint(Tone::Accent, &cell(&content.title)))?;
        let wide = facts.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
        for (name, value) in facts.iter().filter(|(name, _)| *name != "Title") {
            output::line(&format!(
                "{}  {value}",
                theme.paint(Tone::Faint, &text::column(name, wide, false))
            ))?;
        }
    }
    if let Some(lyrics) = song.details.lyrics.as_deref().filter(|lyrics| !lyrics.trim().is_empty()) {
        output::line("")?;
        for line in lyrics.lines() {
            output::line(&cell(line))?;
        }
    }
    warn(out, not_kept.as_ref());
    Ok(())
}

fn facts(song: &FullSong) -> Vec<(&'static str, String)> {
    let content = &song.view.song.content;
    let mut facts = vec![("Title", cell(&content.title)), ("Artist", cell(&content.artist))];
    let mut tell = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name, cell(&value)));
        }
    };
    tell("Album", content.album.clone());
    tell("Year", content.release_year.map(|year| year.to_string()));
    tell("Language", content.language.clone());
    tell("Length", content.duration_s.map(|s| text::clock(f64::from(s))));
    tell("Genre", Some(content.genre.join(", ")));
    tell("Explicit", content.explicit.then(|| "yes".to_owned()));
    let takes: Vec<&str> = content.audio_files.keys().map(|take| take.as_str()).collect();
    tell("Takes", Some(if takes.is_empty() { "no sound".to_owned() } else { takes.join(", ") }));
    let kept = [(song.view.in_library, "saved"), (song.view.downloaded, "on this machine")];
    let kept: Vec<&str> = kept.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
    tell("Kept", Some(kept.join(", ")));
    for (name, key) in [("Tempo", "bpm"), ("Key", "key")] {
        let value = song.details.metadata.as_ref().and_then(|metadata| metadata.get(key));
        tell(name, value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let elsewhere = content.external_ids.iter().map(|(place, id)| format!("{place} {id}"));
    tell("Elsewhere", Some(elsewhere.collect::<Vec<_>>().join(", ")));
    tell("Server ID", song.view.song.server_id.as_ref().map(ToString::to_string));
    tell("ID", Some(song.view.song.id.to_string()));
    facts
}
