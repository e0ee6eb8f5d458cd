//! The cover of the song that is on, as a file: desktops show pictures by address.

use std::path::{Path, PathBuf};

use melody_core::Error;
use melody_host::Host;
use melody_model::SongId;
use tauri::async_runtime::JoinHandle;
use tokio::{fs, sync::mpsc};

/// Pixels of a side: what panels of desktops show at most.
const SIDE: u32 = 512;

/// Keeps one picture beside the profile's other files.
#[derive(Debug)]
pub struct Art {
    folder: PathBuf,
    host: Host,
    found: mpsc::Sender<(SongId, PathBuf)>,
    wanted: Option<SongId>,
    /// Fetches the wanted one. Two at a time would take each other's picture away.
    fetching: Option<JoinHandle<()>>,
    /// The picture that is there, and whose.
    here: Option<(SongId, PathBuf)>,
}

impl Art {
    /// Pictures are told through `found` as they come.
    pub fn new(profile: &Path, host: Host, found: mpsc::Sender<(SongId, PathBuf)>) -> Self {
        Self { folder: profile.join("now-playing"), host, found, wanted: None, fetching: None, here: None }
    }

    /// Fetches the picture of this song, unless that is done or under way.
    pub fn want(&mut self, song: Option<SongId>) {
        if self.wanted == song {
            return;
        }
        self.wanted = song;
        if let Some(before) = self.fetching.take() {
            before.abort();
        }
        let Some(song) = song else { return };
        let (host, folder, found) = (self.host.clone(), self.folder.clone(), self.found.clone());
        self.fetching = Some(tauri::async_runtime::spawn(async move {
            // Many songs have none; then there is nothing to show.
            if let Ok(path) = fetch(&host, &folder, song).await {
                // Nobody listens any more when the app is closing.
                let _ = found.send((song, path)).await;
            }
        }));
    }

    pub fn have(&mut self, song: SongId, path: PathBuf) {
        self.here = Some((song, path));
    }

    /// The picture of this song, if it is here.
    pub fn of(&self, song: Option<SongId>) -> Option<&Path> {
        let (owner, path) = self.here.as_ref()?;
        (Some(*owner) == song).then_some(path)
    }
}

/// Writes the picture under a name of its own, since desktops keep what they have seen by its address; the one before
/// goes.
async fn fetch(host: &Host, folder: &Path, song: SongId) -> Result<PathBuf, Error> {
    let cover = host.cover(song, SIDE).await?;
    let ending = cover.mime.rsplit('/').next().unwrap_or("png");
    let path = folder.join(format!("{song}.{ending}"));
    let failed = |e| Error::storage(&path, e);
    fs::create_dir_all(folder).await.map_err(failed)?;
    let mut others = fs::read_dir(folder).await.map_err(failed)?;
    while let Some(other) = others.next_entry().await.map_err(failed)? {
        if other.path() != path {
            fs::remove_file(other.path()).await.map_err(failed)?;
        }
    }
    fs::write(&path, cover.bytes).await.map_err(failed)?;
    Ok(path)
}
