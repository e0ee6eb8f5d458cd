//! What is saved: library entries, and the state of the library.

use std::fmt::Write;

use melody_core::{ChangedEntries, DifferenceKind, EntryList, SyncState, SyncStatus, Verification};
use melody_model::EntryView;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::song::{self, DOWNLOADED, WAITING};
use super::table::Column;
use super::text;
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new(""),
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Album").tone(Tone::Faint).shown_from(130).shrinks_to(8),
    Column::new("Language").tone(Tone::Faint).shown_from(110),
    Column::new("Length").right(),
    Column::new("Plays").tone(Tone::Faint).shown_from(100).right(),
    Column::new("Added").tone(Tone::Faint).shown_from(100),
    Column::new("ID").tone(Tone::Faint),
];

pub fn list(out: &Output, list: &EntryList) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&list.entries))?;
    let shown = list.entries.len() as u64;
    let summary = if list.total == 0 {
        "Nothing is saved yet. melody library add ID saves a song.".to_owned()
    } else if shown < list.total {
        format!("{shown} of {}.", text::counted(list.total, "saved song"))
    } else {
        format!("{}.", text::counted(list.total, "saved song"))
    };
    out.note(&(summary + &legend(&list.entries)));
    Ok(())
}

/// What `library add` and `library remove` changed.
pub fn changed(out: &Output, changed: &ChangedEntries, removed: bool) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&changed.entries))?;
    let verb = if removed { "Removed" } else { "Saved" };
    let summary = if changed.entries.is_empty() {
        "Nothing to change.".to_owned()
    } else if changed.entries.iter().any(|entry| entry.pending) {
        format!("{verb}. {}", still_to_be_sent(changed.state))
    } else {
        format!("{verb}.")
    };
    out.note(&summary);
    Ok(())
}

/// Why a change has not reached the service, and when it will.
fn still_to_be_sent(state: SyncState) -> &'static str {
    match state {
        SyncState::Offline => "It will be sent when you are back online.",
        SyncState::Waiting => "The service asked us to wait; it will be sent after that.",
        SyncState::SignInNeeded => "It will be sent when you have signed in again.",
        SyncState::Running => "Another Melody Studio is at it and will send it.",
        SyncState::Idle | SyncState::Failed => "It will be sent with the next sync.",
    }
}

fn rows(entries: &[EntryView]) -> Vec<Vec<String>> {
    entries
        .iter()
        .map(|entry| {
            let mut row = song::row(&entry.song, song::marks(false, entry.downloaded, entry.pending));
            let id = row.pop().unwrap_or_default();
            row.push(entry.play_count.to_string());
            row.push(entry.added_at.strftime("%Y-%m-%d").to_string());
            row.push(id);
            row
        })
        .collect()
}

fn legend(entries: &[EntryView]) -> String {
    let mut legend = String::new();
    if entries.iter().any(|entry| entry.downloaded) {
        let _ = write!(legend, "  {DOWNLOADED} on this machine");
    }
    if entries.iter().any(|entry| entry.pending) {
        let _ = write!(legend, "  {WAITING} still to be sent");
    }
    legend
}

/// The state of the library, in a sentence and, one by one, what waits for a person.
pub fn status(out: &Output, status: &SyncStatus) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        output::line(&format!("state\t{}", state_word(status.state)))?;
        output::line(&format!("entries\t{}", status.entries))?;
        output::line(&format!("pending\t{}", status.pending))?;
        if status.uncertain > 0 {
            output::line(&format!("uncertain\t{}", status.uncertain))?;
        }
        if let Some(until) = status.until {
            output::line(&format!("until\t{until}"))?;
        }
        for parked in &status.parked {
            output::line(&format!(
                "parked\t{}\t{}\t{}",
                parked.op,
                cell(&parked.what),
                cell(&parked.reason)
            ))?;
        }
        return Ok(());
    }
    output::line(&summary(status))?;
    for parked in &status.parked {
        output::line(&format!(
            "  {} {}  {}",
            out.theme.paint(Tone::Accent, WAITING),
            cell(&parked.what),
            out.theme.paint(Tone::Faint, &format!("{} ({})", cell(&parked.reason), parked.op))
        ))?;
    }
    Ok(())
}

const DIFFERENCES: &[Column] = &[
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("What differs"),
    Column::new("ID").tone(Tone::Faint),
];

/// How the library here differs from the service's.
pub fn verified(out: &Output, found: &Verification) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = found
        .differences
        .iter()
        .map(|differs| {
            let what = match differs.kind {
                DifferenceKind::MissingHere => "only on the service".to_owned(),
                DifferenceKind::MissingThere => "only on this machine".to_owned(),
                DifferenceKind::Plays => format!(
                    "played {} times here, {} there",
                    differs.plays_here.unwrap_or_default(),
                    differs.plays_there.unwrap_or_default()
                ),
            };
            let id = differs
                .song_id
                .map(|id| id.to_string())
                .or(differs.server_id.as_ref().map(ToString::to_string));
            vec![cell(&differs.title), what, id.unwrap_or_default()]
        })
        .collect();
    out.rows(DIFFERENCES, &rows)?;
    let waiting = match found.pending {
        0 => String::new(),
        pending => format!(" {} still to be sent.", text::counted(pending, "change")),
    };
    out.note(&if found.differences.is_empty() {
        format!(
            "This machine and the service have the same {}.{waiting}",
            text::counted(found.there, "saved song")
        )
    } else {
        format!(
            "{} here, {} there: {}.{waiting}",
            text::counted(found.here, "saved song"),
            found.there,
            text::counted(found.differences.len() as u64, "difference")
        )
    });
    Ok(())
}

/// The state of the library as one line.
pub fn summary(status: &SyncStatus) -> String {
    let mut line = text::counted(status.entries, "saved song");
    if status.pending > 0 {
        let _ = write!(line, ", {} still to be sent", text::counted(status.pending, "change"));
    }
    if !status.parked.is_empty() {
        let _ = write!(line, ", {} refused", status.parked.len());
    }
    if status.uncertain > 0 {
        let _ = write!(line, ", {} perhaps not counted", text::counted(status.uncertain, "play"));
    }
    line.push_str(". ");
    line.push_str(match status.state {
        SyncState::Idle if status.pending == 0 => "Up to date.",
        SyncState::Idle => "They go out with the next sync.",
        SyncState::Running => "Syncing now.",
        SyncState::Offline => "You are offline; nothing is lost.",
        SyncState::Waiting => "The service asked us to wait",
        SyncState::SignInNeeded => "Sign in to sync: melody login --phone NUMBER",
        SyncState::Failed => "The last sync failed; melody library sync tries again.",
    });
    if let (SyncState::Failed, Some(reason)) = (status.state, &status.reason) {
        let _ = write!(line, " {}", cell(reason));
    }
    if status.state == SyncState::Waiting {
        match status.until {
            Some(until) => {
                let local = until.to_zoned(jiff::tz::TimeZone::system());
                let _ = write!(line, " until {}.", local.strftime("%H:%M:%S"));
            }
            None => line.push('.'),
        }
    }
    line
}

fn state_word(state: SyncState) -> &'static str {
    match state {
        SyncState::Idle => "idle",
        SyncState::Running => "running",
        SyncState::Offline => "offline",
        SyncState::Waiting => "waiting",
        SyncState::SignInNeeded => "sign_in_needed",
        SyncState::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_one_calm_line() {
        let status = SyncStatus { state: SyncState::Offline, entries: 12, pending: 1, ..Default::default() };
        assert_eq!(
            summary(&status),
            "12 saved songs, 1 change still to be sent. You are offline; nothing is lost."
        );
        assert_eq!(summary(&SyncStatus::default()), "0 saved songs. Up to date.");
    }
}
