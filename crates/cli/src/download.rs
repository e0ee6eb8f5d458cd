//! `melody download`: what is asked for now, then what was interrupted earlier.

use melody_core::{Command as Ask, Core, DownloadList, DownloadRow, DownloadState, Reply};

use crate::args::DownloadArgs;
use crate::exit::Halt;
use crate::render::downloads;
use crate::render::output::{self, Output};
use crate::render::progress::{self, Show};

pub async fn download(core: &Core, args: DownloadArgs, out: &Output) -> Result<(), Halt> {
    let show = Show::downloads(out, args.progress.progress, args.ids.len());
    let rendition = args.rendition;
    let all_there = match args.playlist {
        Some(_) => "Every song of the playlist is on this machine.",
        None => "Every saved song is on this machine.",
    };
    let ask = match args.playlist {
        Some(playlist) => Ask::DownloadPlaylist { playlist, rendition },
        None if args.all => Ask::DownloadSaved { rendition },
        None => Ask::Download { ids: args.ids, rendition },
    };
    let (asked, earlier) = progress::during(core.events(), show, Box::pin(both(core, ask))).await?;
    let failed = asked.iter().find_map(|row| row.error.clone());
    let alone = asked.len() == 1;
    let list = DownloadList { downloads: [asked, earlier].concat() };
    if out.is_json() {
        output::document(&list)?;
    } else {
        list.downloads.iter().try_for_each(|row| downloads::row(out, row))?;
        if list.downloads.is_empty() {
            out.note(all_there);
        }
    }
    // One that is missing is what a script has to know, however many came. What was asked for earlier is not its affair.
    match failed {
        Some(error) if out.is_json() || alone => Err(Halt::Failed(error)),
        Some(error) => Err(Halt::Told(melody_host::exit_code(&error))),
        None => Ok(()),
    }
}

/// The rows of what is asked for, and of what was asked for earlier and has not come.
async fn both(core: &Core, ask: Ask) -> Result<(Vec<DownloadRow>, Vec<DownloadRow>), melody_core::Error> {
    let asked = rows(core.dispatch(ask).await?);
    // Who cannot have the one cannot have the others either.
    if asked.iter().any(|row| row.state == DownloadState::Queued) {
        return Ok((asked, Vec::new()));
    }
    let mut earlier = rows(core.dispatch(Ask::DownloadsContinue).await?);
    earlier.retain(|row| {
        !asked.iter().any(|one| (&one.song_id, one.rendition) == (&row.song_id, row.rendition))
    });
    Ok((asked, earlier))
}

fn rows(reply: Reply) -> Vec<DownloadRow> {
    match reply {
        Reply::Downloads(list) => list.downloads,
        _ => Vec::new(),
    }
}
