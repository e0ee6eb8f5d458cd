//! A playlist as a file among the listener's downloads.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use melody_core::{Command, Core, Error, PlaylistFormat, Reply};

use crate::downloads_folder;

/// The longest name of a file without its ending, in letters.
const LONGEST: usize = 80;

/// Writes the playlist under its name. A file that is there already is left alone: the new one gets a number.
pub(crate) async fn save(
    core: &Core,
    profile: &Path,
    playlist: String,
    format: PlaylistFormat,
) -> Result<PathBuf, Error> {
    let Reply::Exported(exported) = core.dispatch(Command::PlaylistExport { playlist, format }).await? else {
        return Err(Error::internal("a playlist was asked for, and something else came"));
    };
    let folder = downloads_folder(profile);
    let name = file_name(&exported.playlist.name);
    let ending = match format {
        PlaylistFormat::M3u8 => "m3u8",
        PlaylistFormat::Xspf => "xspf",
        PlaylistFormat::Json => "json",
    };
    let written = tokio::task::spawn_blocking(move || {
        write_new(&folder, &name, ending, exported.text.as_bytes()).map_err(|e| Error::storage(&folder, e))
    });
    written.await.map_err(Error::internal)?
}

fn write_new(folder: &Path, name: &str, ending: &str, content: &[u8]) -> io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let path = folder.join(match number {
            1 => format!("{name}.{ending}"),
            more => format!("{name} ({more}).{ending}"),
        });
        match File::create_new(&path) {
            Ok(mut file) => return file.write_all(content).and_then(|()| file.sync_all()).map(|()| path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(e),
        }
    }
}

/// A playlist's name without what a file system takes amiss: separators, controls, a dot at either end.
fn file_name(name: &str) -> String {
    let allowed = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let kept: String = name.chars().map(|c| if allowed(c) { c } else { ' ' }).take(LONGEST).collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    match kept.trim_matches(['.', ' ']) {
        "" => "playlist".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use super::*;

    #[test]
    fn a_name_leads_out_of_no_folder() {
        for (name, file) in [
            ("Monsoon drive", "Monsoon drive"),
            ("बारिश: भाग 1/2", "बारिश भाग 1 2"),
            ("../../etc/passwd", "etc passwd"),
            (" . ", "playlist"),
            ("a\\b\u{0}c", "a b c"),
        ] {
            assert_eq!(file_name(name), file);
        }
        assert_eq!(file_name(&"क".repeat(300)).chars().count(), LONGEST);
    }

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let first = write_new(folder.path(), "Rain", "m3u8", b"one").unwrap();
        let second = write_new(folder.path(), "Rain", "m3u8", b"two").unwrap();
        assert_eq!(second.file_name().unwrap(), "Rain (2).m3u8");
        assert_eq!(std::fs::read(first).unwrap(), b"one");
        assert_eq!(std::fs::read(second).unwrap(), b"two");
    }
}
