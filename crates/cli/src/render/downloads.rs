//! What is kept on this machine, and what is on its way there.

use melody_core::{DownloadList, DownloadRow, DownloadState, VerifiedDownloads};
use melody_model::Rendition;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::song::{DOWNLOADED, WAITING};
use super::table::Column;
use super::text;
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new(""),
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Take").tone(Tone::Faint),
    Column::new("State"),
    Column::new("Size").right(),
    Column::new("ID").tone(Tone::Faint),
];

/// All downloads, or those that were removed.
pub fn list(out: &Output, list: &DownloadList) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&list.downloads))?;
    let bytes = list.downloads.iter().map(|row| row.bytes).sum();
    out.note(&match list.downloads.len() {
        0 => "No downloads. melody download ID keeps a song on this machine.".to_owned(),
        count => format!("{}, {}.", text::counted(count as u64, "download"), text::bytes(bytes)),
    });
    Ok(())
}

/// What decoding every download found.
pub fn verified(out: &Output, found: &VerifiedDownloads) -> Result<(), Halt> {
    out.rows(COLUMNS, &rows(&found.damaged))?;
    let checked = text::counted(found.checked, "download");
    out.note(&match found.damaged.len() {
        0 => format!("{checked} checked, all whole."),
        count => format!("{checked} checked, {count} damaged. melody download ID brings a song anew."),
    });
    Ok(())
}

/// How one download went, as a line: for a pipe, tabs.
pub fn row(out: &Output, row: &DownloadRow) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return output::line(&format!(
            "{}\t{}\t{}\t{}\t{}",
            row.song_id,
            row.rendition,
            word(row.state),
            row.bytes,
            row.total.map(|total| total.to_string()).unwrap_or_default()
        ));
    }
    let name = row.title.as_deref().map_or_else(|| row.song_id.clone(), cell);
    let take = match row.rendition {
        Rendition::Original => "",
        Rendition::Instrumental => ", instrumental",
    };
    let theme = out.theme;
    let reason = row.error.as_ref().map(|error| cell(&error.message)).unwrap_or_default();
    output::line(&match row.state {
        DownloadState::Done => format!(
            "{} {name}{take}  {}",
            theme.paint(Tone::Accent, DOWNLOADED),
            theme.paint(Tone::Faint, &text::bytes(row.bytes))
        ),
        DownloadState::Failed => format!("{} {name}{take}  {reason}", theme.paint(Tone::Danger, "✗")),
        DownloadState::Queued | DownloadState::Running | DownloadState::Paused => {
            let so_far = text::bytes(row.bytes);
            format!("{WAITING} {name}{take}  {so_far} so far. {reason}").trim_end().to_owned()
        }
    })
}

fn rows(downloads: &[DownloadRow]) -> Vec<Vec<String>> {
    downloads
        .iter()
        .map(|row| {
            let mark = match row.state {
                DownloadState::Done => DOWNLOADED,
                DownloadState::Failed => "✗",
                DownloadState::Queued | DownloadState::Running | DownloadState::Paused => WAITING,
            };
            let size = match row.total.filter(|total| *total != row.bytes) {
                Some(total) => format!("{} of {}", text::bytes(row.bytes), text::bytes(total)),
                None => text::bytes(row.bytes),
            };
            vec![
                mark.to_owned(),
                cell(row.title.as_deref().unwrap_or_default()),
                cell(row.artist.as_deref().unwrap_or_default()),
                row.rendition.to_string(),
                word(row.state).to_owned(),
                size,
                row.song_id.clone(),
            ]
        })
        .collect()
}

fn word(state: DownloadState) -> &'static str {
    match state {
        DownloadState::Queued => "queued",
        DownloadState::Running => "running",
        DownloadState::Paused => "paused",
        DownloadState::Done => "done",
        DownloadState::Failed => "failed",
    }
}
