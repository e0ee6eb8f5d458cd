//! The stream cache: a song that was streamed whole plays offline from then on. Ours to give up, unlike a download.

mod evict;
mod leftovers;

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use melody_library::{Download, DownloadState as Kept};
use melody_model::{Rendition, SongId};
use melody_player::Hint;
use tokio::{runtime::Handle, sync::watch};

use self::evict::{Cached, evict};
pub(crate) use self::leftovers::sweep as sweep_parts;
use crate::{
    Error, StreamCache,
    context::{Account, Context},
    downloads::{self, Room, ending, verify},
    storage::{create_folder_in, sync_folder},
};

/// What the cache of an account may take unless the preferences say otherwise, in bytes (the design's figure).
const ROOM: u64 = 2_000_000_000;
/// The folder of cached songs, below an account's.
const FOLDER: &str = "cache";
/// How long the end of a program waits for a song that is being put into the cache.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who puts songs into the cache, and how many are at it.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    under_way: Arc<watch::Sender<usize>>,
}

/// A song whose bytes have all come.
#[derive(Debug)]
pub(crate) struct Streamed {
    pub(crate) song: SongId,
    pub(crate) rendition: Rendition,
    /// Stands at its beginning, and moves for nobody else.
    pub(crate) file: File,
    /// Bytes, as the service told them.
    pub(crate) length: u64,
    pub(crate) hint: Hint,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self { under_way: Arc::new(watch::Sender::new(0)) }
    }

    /// Puts a song into the account's cache, behind the back of whoever hears it: what cannot be kept is heard all the same.
    pub(crate) fn keep(
        &self,
        runtime: &Handle,
        context: Arc<Context>,
        account: Arc<Account>,
        song: Streamed,
    ) {
        let at_it = AtIt::begin(self.under_way.clone());
        runtime.spawn(async move {
            let kept = account.unless_left(keep(&context, &account, song)).await;
            if let Err(e) = kept {
                tracing::warn!(code = %e.code(), "a song could not be cached");
            }
            drop(at_it);
        });
    }

    /// Waits until nobody is at it, for a while.
    pub(crate) async fn settle(&self) {
        let mut under_way = self.under_way.subscribe();
        // The sender is ours: it cannot go away.
        let _ = tokio::time::timeout(PATIENCE, under_way.wait_for(|count| *count == 0)).await;
    }
}

/// Counts one who is at it.
struct AtIt(Arc<watch::Sender<usize>>);

impl AtIt {
    fn begin(under_way: Arc<watch::Sender<usize>>) -> Self {
        under_way.send_modify(|count| *count += 1);
        Self(under_way)
    }
}

impl Drop for AtIt {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn keep(context: &Arc<Context>, account: &Account, song: Streamed) -> Result<(), Error> {
    let (id, rendition, length) = (song.song, song.rendition, song.length);
    let cap = room(context).await?;
    if length > cap || account.library.download_of(id, rendition).await?.is_some_and(|kept| kept.pinned) {
        return Ok(());
    }
    // Whoever holds it brings the same song for good.
    let Some(_lock) = downloads::lock(account, id, rendition, Duration::ZERO).await? else { return Ok(()) };
    if downloads::complete(account, id, rendition).await?.is_some() {
        return Ok(());
    }
    create_folder_in(&account.folder, FOLDER)?;
    let folder = account.folder.join(FOLDER);
    let _promise = Room::default().promise(&folder, length)?;
    let part = folder.join(format!("{id}-{rendition}.part"));
    let name = format!("{id}-{rendition}.{}", ending(&song.hint));
    let placed = place(song, part.clone(), folder.join(&name)).await;
    if let Err(e) = placed {
        let _ = tokio::fs::remove_file(&part).await;
        return Err(e);
    }
    let cached = Download {
        song_id: id,
        rendition,
        state: Kept::Done,
        path: Some(format!("{FOLDER}/{name}")),
        bytes: length,
        total: Some(length),
        error: None,
        pinned: false,
        validator: None,
        used_at: Some(Timestamp::now()),
    };
    if !account.library.keep_cached(cached).await? {
        // The listener asked for it meanwhile: that is another file.
        remove(&folder.join(&name))?;
    }
    trim(context, account).await
}

/// Copies the song beside its place, verifies that and moves it there.
async fn place(song: Streamed, part: PathBuf, place: PathBuf) -> Result<(), Error> {
    let (hint, to) = (song.hint.clone(), part.clone());
    blocking(move || {
        let mut from = song.file;
        let copied = File::create(&to).and_then(|mut file| {
            let copied = io::copy(&mut from, &mut file)?;
            file.sync_all()?;
            Ok(copied)
        });
        match copied {
            Ok(copied) if copied == song.length => Ok(()),
            Ok(at) => Err(Error::CutShort { at, length: song.length }),
            Err(e) => Err(Error::storage(&to, e)),
        }
    })
    .await?;
    verify(part.clone(), Some(hint)).await?;
    blocking(move || {
        let folder = place.parent().unwrap_or(Path::new("."));
        fs::rename(&part, &place).and_then(|()| sync_folder(folder)).map_err(|e| Error::storage(&place, e))
    })
    .await
}

/// Gives up what the cache has too much of, and what a process left there that died.
pub(crate) async fn trim(context: &Arc<Context>, account: &Account) -> Result<(), Error> {
    let mut in_use = context.queued().await;
    // Another process may have a queue of its own.
    in_use.extend(account.library.kept_queue().await?.into_iter().flat_map(|queue| queue.songs));
    let cached: Vec<Download> =
        account.library.downloads(Some(Kept::Done)).await?.into_iter().filter(|kept| !kept.pinned).collect();
    let all = cached.iter().map(|kept| Cached {
        song: kept.song_id,
        rendition: kept.rendition,
        bytes: kept.bytes,
        used_at: kept.used_at,
    });
    for one in evict(all.collect(), room(context).await?, |one| in_use.contains(&one.song)) {
        let Some(_lock) = downloads::lock(account, one.song, one.rendition, Duration::ZERO).await? else {
            continue;
        };
        // It may have become a download meanwhile.
        let kept = account.library.download_of(one.song, one.rendition).await?;
        let Some(path) = kept.filter(|kept| !kept.pinned).and_then(|kept| kept.path) else { continue };
        // Files first: a row without its file counts as missing, a file without its row would stay.
        remove(&account.folder.join(path))?;
        account.library.forget_download(one.song, one.rendition).await?;
    }
    sweep(account, &cached.into_iter().filter_map(|kept| kept.path).collect()).await
}

/// Removes files of the cache that no row knows, unless somebody is at them.
async fn sweep(account: &Account, known: &HashSet<String>) -> Result<(), Error> {
    let Ok(files) = fs::read_dir(account.folder.join(FOLDER)) else { return Ok(()) };
    for file in files.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        if known.contains(&format!("{FOLDER}/{name}")) || stem.is_empty() {
            continue;
        }
        let Some((song, rendition)) = stem
            .rsplit_once('-')
            .and_then(|(song, rendition)| Some((song.parse::<SongId>().ok()?, rendition.parse().ok()?)))
        else {
            continue;
        };
        let Some(_lock) = downloads::lock(account, song, rendition, Duration::ZERO).await? else { continue };
        let kept = account.library.download_of(song, rendition).await?;
        if kept.and_then(|kept| kept.path).is_none_or(|path| path != format!("{FOLDER}/{name}")) {
            remove(&file.path())?;
        }
    }
    Ok(())
}

/// What the cache of the account that is on takes.
pub(crate) async fn status(context: &Arc<Context>) -> Result<StreamCache, Error> {
    let downloads = context.account().library.downloads(Some(Kept::Done)).await?;
    let cached = downloads.iter().filter(|kept| !kept.pinned);
    Ok(StreamCache {
        songs: cached.clone().count() as u64,
        bytes: cached.map(|kept| kept.bytes).sum(),
        most: room(context).await?,
    })
}

/// What the cache may take, in bytes.
async fn room(context: &Arc<Context>) -> Result<u64, Error> {
    let context = context.clone();
    blocking(move || Ok(context.profile.settings()?.preferences.cache_bytes.unwrap_or(ROOM))).await
}

/// Removes a file; one that is gone already is no failure.
fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::storage(path, e)),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
