//! One rendition on its way from the service to its place: taken up where it broke off, verified, then moved there.

use std::{
    io::SeekFrom,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::StreamExt;
use melody_library::{Download, DownloadState as Kept};
use melody_model::SongView;
use melody_player::{Hint, Source};
use tokio::{
    fs,
    io::{AsyncSeekExt, AsyncWriteExt},
};

use super::{
    room::{Promise, Room},
    under_way::Stop,
};
use crate::{
    Code, DownloadRow, Error, Event,
    context::{Account, Context},
    remote::Chunks,
    sources,
    storage::{create_folder_in, sync_folder},
};

/// How many bytes pass between two words of progress.
const PROGRESS_STEP: u64 = 256 * 1024;
/// How many bytes are written before they are made to stay: the most that a kill or a power cut costs.
const CHECKPOINT: u64 = 1 << 20;
/// The folder of downloads, below an account's.
pub(super) const FOLDER: &str = "audio";

/// One rendition that is to be brought, by whoever holds its lock.
pub(super) struct Errand<'a> {
    pub(super) context: &'a Context,
    pub(super) account: &'a Arc<Account>,
    pub(super) song: &'a SongView,
    pub(super) room: &'a Room,
    pub(super) stop: &'a Stop,
}

/// How an errand ended that did not fail.
pub(super) enum Brought {
    /// It is in its place, which is relative to the account's folder.
    Whole(String),
    /// It was paused or removed meanwhile.
    Stopped,
}

/// A part of a file: so many bytes of the version that the validator names.
struct Part {
    path: PathBuf,
    bytes: u64,
    total: Option<u64>,
    validator: Option<String>,
}

impl Errand<'_> {
    /// Brings the rendition to its place. `kept` is what is known of the part that is there.
    pub(super) async fn run(&self, row: &mut DownloadRow, kept: Option<Download>) -> Result<Brought, Error> {
        let folder = self.account.folder.join(FOLDER);
        create_folder_in(&self.account.folder, FOLDER)?;
        let path = folder.join(part_name(row));
        let part = Part::found(path.clone(), kept).await;
        let resumed = part.bytes > 0;
        match self.attempt(row, part).await {
            Err(e) if resumed && is_of_another_file(&e) => {
                tracing::info!(code = %e.code(), "a part could not be gone on with");
                self.attempt(row, Part::none(path)).await
            }
            ended => ended,
        }
    }

    async fn attempt(&self, row: &mut DownloadRow, mut part: Part) -> Result<Brought, Error> {
        let attempted = self.fill(row, &mut part).await;
        if let Err(e) = &attempted
            && !super::waits(e)
        {
            discard(&part.path).await;
        }
        attempted
    }

    /// Fetches what the part lacks, verifies the whole and moves it to its place.
    async fn fill(&self, row: &mut DownloadRow, part: &mut Part) -> Result<Brought, Error> {
        row.bytes = part.bytes;
        let mut remote = sources::remote(self.account, self.song, row.rendition).await?;
        if let Some(validator) = part.validator.clone().filter(|_| part.bytes > 0) {
            remote = remote.only_of(validator, part.total);
        }
        let Some(body) = self.stop.unless(remote.request_patiently(part.bytes)).await else {
            return Ok(Brought::Stopped);
        };
        let body = body?;
        if body.length.is_some_and(|length| length < part.bytes) {
            return Err(Error::SongChanged);
        }
        part.total = body.length;
        part.validator = remote.validator();
        row.total = body.length;
        let folder = self.account.folder.join(FOLDER);
        let promise = match body.length {
            Some(length) => Some(self.room.promise(&folder, length.saturating_sub(part.bytes))?),
            None => None,
        };
        let hint = Hint { extension: remote.extension(), mime: body.content_type.clone() };
        let start = part.bytes;
        if !self.write(remote.bytes(body, start, None), part, row, promise).await? {
            return Ok(Brought::Stopped);
        }
        if let Some(length) = part.total.filter(|length| *length != part.bytes) {
            return Err(Error::CutShort { at: part.bytes, length });
        }
        verify(part.path.clone(), Some(hint.clone())).await?;
        let name = format!("{}-{}.{}", self.song.song.id, row.rendition, ending(&hint));
        let place = folder.join(&name);
        fs::rename(&part.path, &place).await.map_err(|e| Error::storage(&place, e))?;
        sync_folder(&folder).map_err(|e| Error::storage(&folder, e))?;
        Ok(Brought::Whole(format!("{FOLDER}/{name}")))
    }

    /// Adds the bytes to the part and makes them stay. False when nobody wants it any more.
    async fn write(
        &self,
        mut chunks: Chunks,
        part: &mut Part,
        row: &mut DownloadRow,
        mut promise: Option<Promise>,
    ) -> Result<bool, Error> {
        let failed = |e| Error::storage(&part.path, e);
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.create(true).truncate(false).write(true).open(&part.path).await.map_err(failed)?;
        // What lies beyond is not certain to be what was written.
        file.set_len(part.bytes).await.map_err(failed)?;
        file.seek(SeekFrom::Start(part.bytes)).await.map_err(failed)?;
        if !self.keep(part, row).await? {
            return Ok(false);
        }
        let (mut told, mut kept) = (part.bytes, part.bytes);
        let broke = loop {
            let Some(chunk) = self.stop.unless(chunks.next()).await else { break None };
            let chunk = match chunk {
                Some(Ok(chunk)) => chunk,
                Some(Err(e)) => break Some(Err(e)),
                None => break Some(Ok(())),
            };
            let length = chunk.len() as u64;
            file.write_all(&chunk).await.map_err(|e| Error::storage(&part.path, e))?;
            part.bytes += length;
            row.bytes = part.bytes;
            if let Some(promise) = &mut promise {
                promise.used(length);
            }
            if part.bytes - told >= PROGRESS_STEP {
                told = part.bytes;
                self.context.tell(Event::DownloadChanged(row.clone()));
            }
            if part.bytes - kept >= CHECKPOINT {
                kept = part.bytes;
                settle(&mut file, &part.path).await?;
                if !self.keep(part, row).await? {
                    return Ok(false);
                }
            }
        };
        settle(&mut file, &part.path).await?;
        let wanted = self.keep(part, row).await?;
        match broke {
            Some(ended) => ended.map(|()| wanted),
            None => Ok(false),
        }
    }

    /// Puts down how far the part is. Whether it is still wanted.
    async fn keep(&self, part: &Part, row: &DownloadRow) -> Result<bool, Error> {
        let library = &self.account.library;
        let id = self.song.song.id;
        let stands =
            library.keep_part(id, row.rendition, part.bytes, part.total, part.validator.clone()).await?;
        Ok(stands == Some(Kept::Queued))
    }
}

impl Part {
    /// What is there of it for certain. Without the name of its version nothing can be added to it.
    async fn found(path: PathBuf, kept: Option<Download>) -> Self {
        let there = fs::metadata(&path).await.map_or(0, |about| about.len());
        match kept {
            Some(Download { bytes, total, validator: Some(validator), .. })
                if bytes > 0 && bytes <= there =>
            {
                Self { path, bytes, total, validator: Some(validator) }
            }
            _ => Self::none(path),
        }
    }

    fn none(path: PathBuf) -> Self {
        Self { path, bytes: 0, total: None, validator: None }
    }
}

/// Makes what was written stay.
async fn settle(file: &mut fs::File, path: &Path) -> Result<(), Error> {
    // Tokio's file reports the last write's failure here only.
    file.flush().await.map_err(|e| Error::storage(path, e))?;
    file.sync_data().await.map_err(|e| Error::storage(path, e))
}

/// Whether the file has changed on the service, or the part was of another one than it seemed: then it begins anew.
fn is_of_another_file(error: &Error) -> bool {
    matches!(error, Error::SongChanged) || matches!(error.code(), Code::BadAudio | Code::UnsupportedFormat)
}

/// Removes a part that is of no use. Should even that fail, the next try overwrites it.
pub(super) async fn discard(part: &Path) {
    let _ = fs::remove_file(part).await;
}

/// The file's name while it is not whole.
pub(super) fn part_name(row: &DownloadRow) -> String {
    format!("{}-{}.part", row.song_id, row.rendition)
}

/// Decodes the whole file once: only what can be heard to its end counts. What the service called it names the format in
/// an error, as in a stream; else the file's own ending does.
pub(crate) async fn verify(path: PathBuf, hint: Option<Hint>) -> Result<(), Error> {
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
pub(crate) fn ending(hint: &Hint) -> &'static str {
    let named = hint.extension.as_deref().unwrap_or_default().to_ascii_lowercase();
    let kind = hint.mime.as_deref().unwrap_or_default();
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
