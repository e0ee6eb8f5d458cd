//! Covers: fetched once, kept on the disk, those given up first that were not shown for the longest time.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use futures_util::StreamExt;
use melody_model::SongId;
use tokio::sync::Semaphore;

use crate::{
    Error,
    context::{Account, Context},
    profile::short_hash,
    storage::{create_folder, replace_file},
    thumbnail,
};

/// Larger ones are not covers. Bytes.
const LARGEST: usize = 8 << 20;
/// What all covers together may take, in bytes: some 4,000 of 50 kB.
const ROOM: u64 = 200 << 20;
/// How exactly it is kept when a cover was last shown.
const SHOWN_STEP: Duration = Duration::from_hours(1);
/// Fetched at a time: a screen of rows asks for a dozen at once, and the song that plays comes first.
const AT_ONCE: usize = 4;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    pub bytes: Vec<u8>,
    /// `image/png`, told by the bytes themselves.
    pub mime: &'static str,
}

/// The covers service.
#[derive(Clone, Debug)]
pub(crate) struct Covers {
    context: Arc<Context>,
    fetching: Arc<Semaphore>,
    scaling: Arc<Semaphore>,
    /// Bytes written since the folder was last measured.
    written: Arc<AtomicU64>,
}

impl Covers {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        // The first cover of a run measures the folder.
        Self {
            context,
            fetching: Arc::new(Semaphore::new(AT_ONCE)),
            // A large picture takes tens of megabytes while it is made small.
            scaling: Arc::new(Semaphore::new(1)),
            written: Arc::new(AtomicU64::new(ROOM)),
        }
    }

    /// A song's cover, from the disk or from where the service says it is, no larger than it is shown: a screen of
    /// covers at full size takes more memory than all the rest of it. It is kept under its address, so that a changed
    /// address brings another picture. `side` is in pixels of the display.
    pub(crate) async fn cover(&self, id: SongId, side: u32) -> Result<Cover, Error> {
        let account = self.context.account();
        let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
        let address = song.song.content.thumbnail_url.ok_or(Error::NoCover)?;
        let folder = self.context.profile.root().join("covers");
        let path = folder.join(short_hash(&["cover", &account.service.address.identity(), &address]));
        let Some(side) = thumbnail::step(side) else {
            return self.whole(&account, &address, &folder, &path).await;
        };
        let small = path.with_extension(side.to_string());
        if let Some(cover) = read(small.clone()).await? {
            return Ok(cover);
        }
        let whole = self.whole(&account, &address, &folder, &path).await?;
        let _turn = self.scaling.acquire().await.map_err(Error::internal)?;
        let measure = self.is_to_be_measured(whole.bytes.len() as u64);
        tokio::task::spawn_blocking(move || match thumbnail::of(&whole.bytes, side) {
            Some(bytes) => {
                keep(&folder, &small, &bytes, measure);
                kind(&bytes).map_or(whole, |mime| Cover { bytes, mime })
            }
            None => whole,
        })
        .await
        .map_err(Error::internal)
    }

    /// The cover as the service has it.
    async fn whole(
        &self,
        account: &Account,
        address: &str,
        folder: &Path,
        path: &Path,
    ) -> Result<Cover, Error> {
        if let Some(cover) = read(path.to_owned()).await? {
            return Ok(cover);
        }
        let _turn = self.fetching.acquire().await.map_err(Error::internal)?;
        if let Some(cover) = read(path.to_owned()).await? {
            return Ok(cover);
        }
        let media = account.client.media(address).await?;
        let answer = media.get().send().await.map_err(|_| Error::NoCover)?;
        if !answer.status().is_success() {
            return Err(Error::NoCover);
        }
        let mut body = answer.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            bytes.extend_from_slice(&part.map_err(|_| Error::NoCover)?);
            if bytes.len() > LARGEST {
                return Err(Error::NoCover);
            }
        }
        let mime = kind(&bytes).ok_or(Error::NoCover)?;
        let measure = self.is_to_be_measured(bytes.len() as u64);
        let (folder, path) = (folder.to_owned(), path.to_owned());
        tokio::task::spawn_blocking(move || {
            keep(&folder, &path, &bytes, measure);
            Cover { bytes, mime }
        })
        .await
        .map_err(Error::internal)
    }

    /// Whether so much was written, with these bytes, that the folder is measured again.
    fn is_to_be_measured(&self, bytes: u64) -> bool {
        let measure = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes > ROOM / 10;
        if measure {
            self.written.store(0, Ordering::Relaxed);
        }
        measure
    }
}

/// A cover that cannot be kept is shown all the same.
fn keep(folder: &Path, path: &Path, bytes: &[u8], measure: bool) {
    let kept = create_folder(folder).and_then(|()| replace_file(path, bytes));
    if let Err(e) = kept {
        tracing::warn!(code = %e.code(), "a cover could not be kept");
    }
    if measure && let Err(e) = give_up_oldest(folder, ROOM) {
        tracing::warn!(error = %e.kind(), "old covers could not be given up");
    }
}

async fn read(path: PathBuf) -> Result<Option<Cover>, Error> {
    let shown = move || {
        let bytes = fs::read(&path).ok()?;
        note_shown(&path);
        Some(bytes)
    };
    let bytes = tokio::task::spawn_blocking(shown).await.map_err(Error::internal)?;
    Ok(bytes.and_then(|bytes| kind(&bytes).map(|mime| Cover { bytes, mime })))
}

/// The file's time says when it was last shown, to the hour: a list that is scrolled through writes nothing.
fn note_shown(path: &Path) {
    let noted = fs::metadata(path).and_then(|about| about.modified());
    if noted.is_ok_and(|noted| noted.elapsed().is_ok_and(|ago| ago > SHOWN_STEP)) {
        let file = fs::File::options().write(true).open(path);
        // On a read-only disk nothing is given up either.
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }
}

/// Removes the covers that were not shown for the longest time until the rest fit into `room` bytes.
fn give_up_oldest(folder: &Path, room: u64) -> std::io::Result<()> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let about = file.metadata()?;
        files.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), file.path()));
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in files {
        if total <= room {
            break;
        }
        fs::remove_file(path)?;
        total -= length;
    }
    Ok(())
}

/// What kind of picture the bytes are. Others are not shown, whatever they are called: an SVG can hold a program.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => Some("image/avif"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn what_was_shown_lately_goes_last() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - Duration::from_hours(48);
        for name in ["shown", "not"] {
            let path = folder.path().join(name);
            fs::write(&path, b"\x89PNG\r\n").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        }
        read(folder.path().join("shown")).await.unwrap().unwrap();
        give_up_oldest(folder.path(), 6).unwrap();
        assert!(folder.path().join("shown").exists() && !folder.path().join("not").exists());
    }

    #[test]
    fn the_oldest_go_first_and_only_as_many_as_must() {
        let folder = tempfile::tempdir().unwrap();
        for (n, age) in [("b", 20), ("a", 30), ("c", 10)] {
            let path = folder.path().join(n);
            fs::write(&path, [0; 100]).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        give_up_oldest(folder.path(), 250).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["b", "c"]);
    }

    #[test]
    fn a_page_or_a_drawing_with_a_program_is_no_cover() {
        assert_eq!(kind(b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"), None);
        assert_eq!(kind(b"<!doctype html>"), None);
        assert_eq!(kind(b"\x89PNG\r\n"), Some("image/png"));
    }
}
