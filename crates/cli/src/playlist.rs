//! `playlist`: its words on the command line, and its files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use melody_core::{Code, Command as Ask, Core, PlaylistFormat, Reply};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::exit::Halt;
use crate::render::output::{self, Output};
use crate::render::{playlist, text};
use crate::run::print;
use crate::values;

#[derive(Debug, Subcommand)]
pub enum PlaylistCommand {
    /// List your playlists
    #[command(after_help = "Example:\n  melody playlist list")]
    List,
    /// Show a playlist's songs
    #[command(after_help = "Examples:
  melody playlist show Rain
  melody playlist show Rain --limit 50 --offset 50")]
    Show {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        /// How many songs at most, 1 to 500; all of them when it is not given
        #[arg(long, value_name = "N", value_parser = values::limit::<500>, allow_negative_numbers = true)]
        limit: Option<u32>,
        /// How many to leave out first
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
        offset: u64,
    },
    /// Make a playlist
    #[command(after_help = "Example:\n  melody playlist create Rain")]
    Create {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Give a playlist another name
    #[command(after_help = "Example:\n  melody playlist rename Rain \"Monsoon evenings\"")]
    Rename {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Delete a playlist; its songs stay where they are
    #[command(after_help = "Examples:
  melody playlist delete Rain
  melody playlist undo             brings it back")]
    Delete {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
    },
    /// Add songs at the end, also such as are in it already
    #[command(after_help = "Example:\n  melody playlist add Rain ID1 ID2")]
    Add {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        #[arg(value_name = "ID", required = true, value_parser = values::id)]
        ids: Vec<String>,
    },
    /// Take one song out
    #[command(after_help = "Examples:
  melody playlist remove Rain 3    the third
  melody playlist remove Rain 0198c0de-0000-7000-8000-000000000001    an item's id, of show --json")]
    Remove {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        /// The song's number in the list, or the item's ID
        #[arg(value_name = "ITEM", value_parser = values::id)]
        item: String,
    },
    /// Move one song to another place
    #[command(after_help = "Example:\n  melody playlist move Rain 7 1    the seventh becomes the first")]
    Move {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        /// The song's number in the list, or the item's ID
        #[arg(value_name = "ITEM", value_parser = values::id)]
        item: String,
        /// The number that it gets
        #[arg(value_name = "TO", value_parser = place, allow_negative_numbers = true)]
        to: u64,
    },
    /// Take the last change of a playlist back; again for the one before
    #[command(after_help = "Example:\n  melody playlist undo")]
    Undo,
    /// Write a playlist to a file: M3U8, XSPF or JSON, as its name ends
    #[command(after_help = "Examples:
  melody playlist export Rain rain.m3u8     for other players: songs on this machine by their files
  melody playlist export Rain rain.json     everything, for another Melody Studio")]
    Export {
        /// Its name or ID
        #[arg(value_name = "PLAYLIST")]
        playlist: String,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make a playlist of a file: M3U8, XSPF or our JSON
    #[command(after_help = "Example:\n  melody playlist import rain.xspf")]
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// A place in a list as people count.
fn place(text: &str) -> Result<u64, String> {
    match text.trim().parse::<u32>() {
        Ok(place) if place > 0 => Ok(u64::from(place)),
        _ => Err("it must be a number, 1 for the first place".to_owned()),
    }
}

/// Runs the command and prints what came of it.
pub async fn playlist(core: &Core, command: PlaylistCommand, out: &Output) -> Result<(), Halt> {
    let ask = match command {
        PlaylistCommand::Export { playlist, file } => return export(core, playlist, &file, out).await,
        PlaylistCommand::Import { file } => import(&file)?,
        PlaylistCommand::List => Ask::PlaylistList,
        PlaylistCommand::Show { playlist, limit, offset } => Ask::PlaylistShow { playlist, limit, offset },
        PlaylistCommand::Create { name } => Ask::PlaylistCreate { name, ids: Vec::new() },
        PlaylistCommand::Rename { playlist, name } => Ask::PlaylistRename { playlist, name },
        PlaylistCommand::Delete { playlist } => {
            let reply = core.dispatch(Ask::PlaylistDelete { playlist }).await?;
            return match &reply {
                Reply::PlaylistChanged(gone) if !out.is_json() => playlist::deleted(out, gone),
                other => print(out, other),
            };
        }
        PlaylistCommand::Add { playlist, ids } => Ask::PlaylistAdd { playlist, ids },
        PlaylistCommand::Remove { playlist, item } => Ask::PlaylistRemove { playlist, item },
        PlaylistCommand::Move { playlist, item, to } => Ask::PlaylistMove { playlist, item, to: to - 1 },
        PlaylistCommand::Undo => Ask::PlaylistUndo,
    };
    print(out, &core.dispatch(ask).await?)
}

/// What `export --json` says.
#[derive(Serialize)]
struct Exported<'a> {
    playlist: &'a melody_model::PlaylistView,
    file: &'a Path,
}

async fn export(core: &Core, playlist: String, file: &Path, out: &Output) -> Result<(), Halt> {
    let format = PlaylistFormat::of_name(&file.to_string_lossy())
        .ok_or_else(|| Halt::usage("The file's name must end in .m3u8, .xspf or .json."))?;
    let Reply::Exported(exported) = core.dispatch(Ask::PlaylistExport { playlist, format }).await? else {
        return Ok(());
    };
    written(file, &exported.text).map_err(|e| unusable(file, "written", &e))?;
    if out.is_json() {
        return output::document(&Exported { playlist: &exported.playlist, file });
    }
    out.note(&format!(
        "{} of “{}” written to {}.",
        text::counted(exported.playlist.songs, "song"),
        output::cell(&exported.playlist.name),
        file.display()
    ));
    Ok(())
}

/// Replaces the file in one step: what was there before is there until all of this is.
fn written(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|e| e.error)?;
    Ok(())
}

fn import(file: &Path) -> Result<Ask, Halt> {
    let text = fs::read(file).map_err(|e| unusable(file, "read", &e))?;
    let text = String::from_utf8(text).map_err(|_| {
        Halt::local(Code::ValidationError, "This file is no playlist: it is not text in UTF-8.")
    })?;
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(Ask::PlaylistImport { text, name })
}

fn unusable(file: &Path, done: &str, error: &std::io::Error) -> Halt {
    Halt::usage(format!("{} cannot be {done}: {error}.", file.display()))
}
