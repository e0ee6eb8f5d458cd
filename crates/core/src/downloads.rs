//! Pinned downloads: fetched beside their place, verified, then moved there. A partial file never counts.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use melody_library::{Download, DownloadState as Kept};
use melody_model::{Rendition, SongId, SongView};
use melody_player::{Hint, Source};
use tokio::{fs, io::AsyncWriteExt};

use crate::{
    DownloadList, DownloadRow, DownloadState, Error, Event, catalogue,
    context::{Account, Context},
    remote::Chunks,
    sources,
    storage::{FileLock, create_folder_in, sync_folder},
};

/// How many bytes pass between two words of progress.
const PROGRESS_STEP: u64 = 256 * 1024;
/// How long a song that another process is fetching is waited for: a short one is done by then.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// The downloads service.
#[derive(Clone, Debug)]
pub(crate) struct Downloads {
    context: Arc<Context>,
}

impl Downloads {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Fetches songs in order. A song that fails is told in its row, and the next one goes on.
    pub(crate) async fn fetch(&self, ids: &[String], rendition: Rendition) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let mut downloads = Vec::with_capacity(ids.len());
        for id in ids {
            let row = match account.unless_left(self.fetch_one(&account, id, rendition)).await {
                Ok(row) => row,
                Err(e) => DownloadRow {
                    song_id: account
                        .library
                        .resolve(id)
                        .await?
                        .map_or_else(|| id.clone(), |id| id.to_string()),
                    rendition,
                    state: DownloadState::Failed,
                    bytes: 0,
                    total: None,
                    error: Some(e.report()),
                },
            };
            self.context.tell(Event::DownloadChanged(row.clone()));
            downloads.push(row);
        }
        Ok(DownloadList { downloads })
    }

    async fn fetch_one(
        &self,
        account: &Arc<Account>,
        id: &str,
        rendition: Rendition,
    ) -> Result<DownloadRow, Error> {
        let id = catalogue::resolve(account, id).await?;
        let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
        let mut row = DownloadRow {
            song_id: id.to_string(),
            rendition,
            state: DownloadState::Running,
            bytes: 0,
            total: None,
            error: None,
        };
        if let Some(kept) = sound(account, id, rendition).await? {
            return Ok(done(row, &kept));
        }
        // Held until the row is written: whoever comes second finds the song in its place, and neither touches the part
        // that is being verified nor puts a failure over what was done. The file stays, so that it is one for all.
        let locks = account.folder.join("locks");
        create_folder_in(&account.folder, "locks")?;
        let lock = locks.join(format!("{id}-{rendition}"));
        let Some(lock) = FileLock::acquire(&lock, LOCK_WAIT).await? else { return Err(Error::Busy) };
        if let Some(kept) = sound(account, id, rendition).await? {
            return Ok(done(row, &kept));
        }
        let fetched = self.bring(account, &song, &mut row).await;
        if fetched.is_ok() {
            // Whole, it is as long as it is, also where the server never said.
            row.total = Some(row.bytes);
        }
        let (state, path, error) = match &fetched {
            Ok(path) => (Kept::Done, Some(path.clone()), None),
            Err(e) => (Kept::Failed, None, Some(e.code().to_string())),
        };
        let kept = Download {
            song_id: id,
            rendition,
            state,
            path,
            bytes: row.bytes,
            total: row.total,
            error,
            pinned: true,
        };
        // A failure that cannot even be written down is told all the same: the first error is the one to see.
        let written = account.library.set_download(kept).await;
        drop(lock);
        fetched?;
        written?;
        row.state = DownloadState::Done;
        Ok(row)
    }

    /// Brings one rendition to its place and returns that, relative to the account's folder.
    async fn bring(
        &self,
        account: &Arc<Account>,
        song: &SongView,
        row: &mut DownloadRow,
    ) -> Result<String, Error> {
        let id = song.song.id;
        let folder = account.folder.join("audio");
        create_folder_in(&account.folder, "audio")?;
        let part = folder.join(format!("{id}-{}.part", row.rendition));
        let remote = sources::remote(account, song, row.rendition).await?;
        let body = remote.request_patiently(0).await?;
        row.total = body.length;
        let hint = Hint { extension: remote.extension(), mime: body.content_type.clone() };
        let written = self.write(&part, remote.bytes(body, 0, None), row).await;
        let kept = match written {
            Ok(()) => verify(part.clone(), Some(hint.clone())).await,
            Err(e) => Err(e),
        };
        if let Err(e) = kept {
            // What is left of it is of no use. Should even that fail, the next try overwrites it.
            let _ = fs::remove_file(&part).await;
            return Err(e);
        }
        let name = format!("{id}-{}.{}", row.rendition, ending(hint));
        let place = folder.join(&name);
        fs::rename(&part, &place).await.map_err(|e| Error::storage(&place, e))?;
        sync_folder(&folder).map_err(|e| Error::storage(&folder, e))?;
        Ok(format!("audio/{name}"))
    }

    /// Writes the bytes to the disk, all of them, and makes them stay.
    async fn write(&self, part: &Path, mut chunks: Chunks, row: &mut DownloadRow) -> Result<(), Error> {
        let mut file = fs::File::create(part).await.map_err(|e| Error::storage(part, e))?;
        let mut told = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            file.write_all(&chunk).await.map_err(|e| Error::storage(part, e))?;
            row.bytes += chunk.len() as u64;
            if row.bytes - told >= PROGRESS_STEP {
                told = row.bytes;
                self.context.tell(Event::DownloadChanged(row.clone()));
            }
        }
        // Tokio's file reports the last write's failure here only.
        file.flush().await.map_err(|e| Error::storage(part, e))?;
        file.sync_all().await.map_err(|e| Error::storage(part, e))
    }
}

/// The rendition's download, if it is done and its file is there.
pub(crate) async fn complete(
    account: &Account,
    id: SongId,
    rendition: Rendition,
) -> Result<Option<Download>, Error> {
    let kept = account.library.download_of(id, rendition).await?;
    Ok(kept.filter(|kept| {
        kept.state == Kept::Done && kept.path.as_ref().is_some_and(|path| account.folder.join(path).is_file())
    }))
}

/// The rendition's download, if it can still be heard to its end: one that was damaged since is brought anew.
async fn sound(account: &Account, id: SongId, rendition: Rendition) -> Result<Option<Download>, Error> {
    let Some(kept) = complete(account, id, rendition).await? else { return Ok(None) };
    let Some(path) = &kept.path else { return Ok(None) };
    match verify(account.folder.join(path), None).await {
        Ok(()) => Ok(Some(kept)),
        Err(e) => {
            tracing::warn!(code = %e.code(), "a download was damaged and is brought anew");
            Ok(None)
        }
    }
}

fn done(row: DownloadRow, kept: &Download) -> DownloadRow {
    DownloadRow { state: DownloadState::Done, bytes: kept.bytes, total: kept.total, ..row }
}

/// Decodes the whole file once: only what can be heard to its end counts as downloaded. What the service called it
/// names the format in an error, as in a stream; else the file's own ending does.
async fn verify(path: PathBuf, hint: Option<Hint>) -> Result<(), Error> {
    tokio::task::spawn_blocking(move || {
        let file = Source::file(&path)?;
        melody_player::check(match hint {
            Some(hint) => file.with_hint(hint),
            None => file,
        })?;
        Ok(())
    })
    .await
    .map_err(Error::internal)?
}

/// The file's ending, for people who look into the folder; recognising goes by content.
fn ending(hint: Hint) -> &'static str {
    let named = hint.extension.unwrap_or_default().to_ascii_lowercase();
    let kind = hint.mime.unwrap_or_default();
    for (ending, word) in [
        ("flac", "flac"),
        ("mp3", "mpeg"),
        ("m4a", "mp4"),
        ("ogg", "ogg"),
        ("opus", "opus"),
        ("wav", "wav"),
        ("aac", "aac"),
    ] {
        if named == ending || kind.contains(word) {
            return ending;
        }
    }
    "audio"
}
