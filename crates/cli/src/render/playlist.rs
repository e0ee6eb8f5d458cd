//! Playlists: all of them, one of them, and what a change made of it.

use melody_core::{
    ChangedPlaylist, ImportedPlaylist, PlaylistChange, PlaylistList, ShownPlaylist, TakenBack, UnmatchedSong,
};
use melody_model::PlaylistView;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::song;
use super::table::Column;
use super::text;
use crate::exit::Halt;

const LISTS: &[Column] = &[
    Column::new("Name").tone(Tone::Strong).shrinks_to(10),
    Column::new("Songs").right(),
    Column::new("Length").right(),
    Column::new("Changed").tone(Tone::Faint).shown_from(80),
    Column::new("ID").tone(Tone::Faint),
];

/// Before a song's own columns.
const PLACE: Column = Column::new("#").tone(Tone::Faint).right();

pub fn list(out: &Output, list: &PlaylistList) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = list.playlists.iter().map(row).collect();
    out.rows(LISTS, &rows)?;
    out.note(&match list.playlists.len() {
        0 => "You have no playlist yet. melody playlist create NAME makes one.".to_owned(),
        count => format!("{}.", text::counted(count as u64, "playlist")),
    });
    Ok(())
}

fn row(playlist: &PlaylistView) -> Vec<String> {
    vec![
        cell(&playlist.name),
        playlist.songs.to_string(),
        text::clock(playlist.duration_s as f64),
        playlist.changed_at.strftime("%Y-%m-%d").to_string(),
        playlist.id.to_string(),
    ]
}

pub fn show(out: &Output, shown: &ShownPlaylist) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = shown
        .items
        .iter()
        .map(|item| {
            let marks = song::marks(item.song.in_library, item.song.downloaded, false);
            let number = (item.place + 1).to_string();
            std::iter::once(number).chain(song::row(&item.song, marks)).collect()
        })
        .collect();
    let columns: Vec<Column> = std::iter::once(PLACE).chain(song::COLUMNS.iter().copied()).collect();
    out.rows(&columns, &rows)?;
    out.note(&summary(&shown.playlist));
    Ok(())
}

/// A playlist as one line: `“Rain”: 12 songs, 48:05.`
fn summary(playlist: &PlaylistView) -> String {
    let songs = text::counted(playlist.songs, "song");
    let length = text::clock(playlist.duration_s as f64);
    format!("“{}”: {songs}, {length}.", cell(&playlist.name))
}

pub fn changed(out: &Output, changed: &ChangedPlaylist) -> Result<(), Halt> {
    tell(out, &changed.playlist, &summary(&changed.playlist))
}

pub fn deleted(out: &Output, gone: &ChangedPlaylist) -> Result<(), Halt> {
    let name = cell(&gone.playlist.name);
    tell(out, &gone.playlist, &format!("“{name}” is deleted. melody playlist undo brings it back."))
}

/// For a pipe the row; for a person a sentence.
fn tell(out: &Output, playlist: &PlaylistView, sentence: &str) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return out.rows(LISTS, &[row(playlist)]);
    }
    output::line(sentence)
}

pub fn taken_back(out: &Output, taken: &TakenBack) -> Result<(), Halt> {
    let (Some(change), Some(playlist)) = (taken.change, &taken.playlist) else {
        out.note("There is nothing to take back.");
        return Ok(());
    };
    let name = cell(&playlist.name);
    let sentence = match change {
        PlaylistChange::Created => format!("“{name}” is gone again."),
        PlaylistChange::Renamed => format!("It is called “{name}” again."),
        PlaylistChange::Deleted => format!("“{name}” is back."),
        PlaylistChange::Added => format!("What was added last is out of “{name}” again."),
        PlaylistChange::Removed => format!("What was removed last is in “{name}” again."),
        PlaylistChange::Moved => format!("What was moved last in “{name}” is where it was."),
    };
    tell(out, playlist, &sentence)
}

const MISSING: &[Column] = &[
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Not found, #").tone(Tone::Faint).right(),
];

pub fn imported(out: &Output, imported: &ImportedPlaylist) -> Result<(), Halt> {
    tell(out, &imported.playlist, &summary(&imported.playlist))?;
    if imported.unmatched.is_empty() {
        return Ok(());
    }
    let row =
        |song: &UnmatchedSong| vec![cell(&song.title), cell(&song.artist), (song.place + 1).to_string()];
    let rows: Vec<Vec<String>> = imported.unmatched.iter().map(row).collect();
    if out.reader == Reader::Pipe {
        rows.iter()
            .try_for_each(|row| output::line(&format!("missing\t{}\t{}\t{}", row[2], row[0], row[1])))?;
    } else {
        out.rows(MISSING, &rows)?;
    }
    out.note(&format!(
        "{} of the file could not be found, here or at the service.",
        text::counted(imported.unmatched.len() as u64, "song")
    ));
    Ok(())
}
