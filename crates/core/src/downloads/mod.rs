//! Downloads that the listener asked for: queued in the library first, so that nothing asked for is forgotten; then
//! fetched three at a time, and taken up where they broke off.
//!
//! `bring` is the way of one rendition to its place, `under_way` who is at what, `room` the disk's, `shelf` what is
//! looked at and taken away again, `rounds` when what waits is tried again.

mod bring;
mod room;
mod rounds;
mod shelf;
mod under_way;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use melody_library::{Download, DownloadState as Kept, EntryQuery};
use melody_model::{Rendition, SongId, SongView};
use tokio::sync::Semaphore;

use self::{
    bring::{Brought, Errand},
    under_way::{Key, Stop, UnderWay},
};
pub(crate) use self::{
    bring::{ending, verify},
    room::Room,
};
use crate::{
    Code, DownloadList, DownloadRow, DownloadState, Error, Event, catalogue,
    context::{Account, Context},
    storage::{FileLock, create_folder_in},
};

/// Songs that are fetched at a time, by this process (the design's figure).
const AT_ONCE: usize = 3;
/// How long a song that another process is fetching is waited for: a short one is done by then.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// Saved songs read at a time.
const PAGE: u32 = 500;

/// The downloads service.
#[derive(Clone, Debug)]
pub(crate) struct Downloads {
    context: Arc<Context>,
    under_way: UnderWay,
    turns: Arc<Semaphore>,
    room: Room,
}

impl Downloads {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            under_way: UnderWay::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            room: Room::default(),
        }
    }

    /// Fetches songs. One that fails is told in its row, and the others go on; one that cannot come now stays queued.
    pub(crate) async fn fetch(&self, ids: &[String], rendition: Rendition) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let mut asked = Vec::with_capacity(ids.len());
        for id in ids {
            asked.push(match account.unless_left(catalogue::resolve(&account, id)).await {
                Ok(song) => Ok(song),
                Err(e) => Err(self.told(DownloadRow::unknown(id, rendition, &e))),
            });
        }
        let wanted = asked.iter().flatten().map(|song| (*song, rendition)).collect();
        let rows = self.fetch_all(&account, wanted).await?;
        let by_song: HashMap<&str, &DownloadRow> = rows.iter().map(|row| (&*row.song_id, row)).collect();
        let row_of = |song: SongId| by_song.get(&*song.to_string()).map(|row| (*row).clone());
        let downloads = asked.into_iter().filter_map(|asked| asked.map_or_else(Some, row_of)).collect();
        Ok(DownloadList { downloads })
    }

    /// Fetches every saved song that has the rendition, as far as is known, and is not there yet.
    pub(crate) async fn fetch_saved(&self, rendition: Rendition) -> Result<DownloadList, Error> {
        let account = self.context.signed_in()?;
        let mut songs = Vec::new();
        let mut offset = 0;
        loop {
            let page = account
                .library
                .entries(EntryQuery { limit: PAGE, offset, ..EntryQuery::default() })
                .await?
                .entries;
            if page.is_empty() {
                break;
            }
            offset += page.len() as u64;
            // A song known from a list only may have it.
            let may_have = |song: &SongView| {
                let files = &song.song.content.audio_files;
                files.is_empty() || files.contains_key(&rendition)
            };
            songs.extend(page.into_iter().map(|entry| entry.song).filter(may_have).map(|song| song.song.id));
        }
        self.fetch_missing(songs, rendition).await
    }

    /// Fetches those of the songs that are not there yet. Whether what is there is sound is for [`Downloads::verify`] to say.
    pub(crate) async fn fetch_missing(
        &self,
        songs: Vec<SongId>,
        rendition: Rendition,
    ) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let mut wanted = Vec::new();
        for id in songs {
            if !complete(&account, id, rendition).await?.is_some_and(|kept| kept.pinned) {
                wanted.push((id, rendition));
            }
        }
        Ok(DownloadList { downloads: self.fetch_all(&account, wanted).await? })
    }

    /// Goes on with everything that was asked for and has not come.
    pub(crate) async fn fetch_queued(&self) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let queued = account.library.downloads(Some(Kept::Queued)).await?;
        let wanted = queued.into_iter().map(|kept| (kept.song_id, kept.rendition)).collect();
        Ok(DownloadList { downloads: self.fetch_all(&account, wanted).await? })
    }

    /// Stops what is under way. It stays queued, with its part.
    pub(crate) fn stop(&self) {
        self.under_way.stop(|_| true);
    }

    /// Puts down what is wanted and fetches it. The rows come in the order of ending.
    async fn fetch_all(
        &self,
        account: &Arc<Account>,
        mut wanted: Vec<(SongId, Rendition)>,
    ) -> Result<Vec<DownloadRow>, Error> {
        let mut seen = HashSet::new();
        wanted.retain(|one| seen.insert(*one));
        account.library.queue_downloads(wanted.clone()).await?;
        let rows = stream::iter(wanted)
            .map(|(song, rendition)| async move { self.told(self.fetch_one(account, song, rendition).await) })
            .buffer_unordered(AT_ONCE);
        Ok(rows.collect().await)
    }

    /// Tells of a row, and hands it on.
    fn told(&self, row: DownloadRow) -> DownloadRow {
        self.context.tell(Event::DownloadChanged(row.clone()));
        row
    }

    /// Fetches one rendition, or waits for whoever in this process is at it already.
    async fn fetch_one(&self, account: &Arc<Account>, song: SongId, rendition: Rendition) -> DownloadRow {
        let key = (account.folder.clone(), song, rendition);
        let turn = loop {
            match self.under_way.begin(&key) {
                Ok(turn) => break turn,
                Err(other) => {
                    if let Some(row) = other.wait().await {
                        return row;
                    }
                }
            }
        };
        let mut row = DownloadRow::new(song, rendition, DownloadState::Queued);
        let work = async {
            let _turn = self.turns.acquire().await.map_err(Error::internal)?;
            let song = account.library.song(song).await?.ok_or_else(|| Error::unknown(song))?;
            row.name(&song);
            self.fetch_in_turn(account, &song, &mut row, &turn.stop()).await
        };
        if let Err(e) = account.unless_left(work).await {
            row.state = if waits(&e) { DownloadState::Queued } else { DownloadState::Failed };
            row.error = Some(e.report());
        }
        turn.end(row.clone());
        row
    }

    /// Fetches a rendition, unless it is there, and puts down how that ended.
    async fn fetch_in_turn(
        &self,
        account: &Arc<Account>,
        song: &SongView,
        row: &mut DownloadRow,
        stop: &Stop,
    ) -> Result<(), Error> {
        let (id, rendition) = (song.song.id, row.rendition);
        if let Some(kept) = sound(account, id, rendition).await? {
            row.done(&kept);
            return Ok(());
        }
        // Held until the row is written: whoever comes second finds the song in its place, and neither touches the part
        // that is being verified nor puts a failure over what was done.
        let _lock = lock(account, id, rendition, LOCK_WAIT).await?.ok_or(Error::Busy)?;
        if let Some(kept) = sound(account, id, rendition).await? {
            row.done(&kept);
            return Ok(());
        }
        let kept = self.wanted(account, id, rendition).await?;
        row.state = DownloadState::Running;
        self.told(row.clone());
        let errand = Errand { context: &self.context, account, song, room: &self.room, stop };
        let brought = errand.run(row, kept.clone()).await;
        self.settle(account, id, row, brought).await
    }

    /// What is kept of a download that is to be fetched. One that was done once and is missing or damaged now begins anew.
    async fn wanted(
        &self,
        account: &Account,
        id: SongId,
        rendition: Rendition,
    ) -> Result<Option<Download>, Error> {
        let kept = account.library.download_of(id, rendition).await?;
        let Some(done) = kept.as_ref().filter(|kept| kept.state == Kept::Done) else { return Ok(kept) };
        if let Some(path) = &done.path {
            bring::discard(&account.folder.join(path)).await;
        }
        account.library.set_download(Download { state: Kept::Queued, pinned: true, ..done.clone() }).await?;
        Ok(None)
    }

    /// Puts down how a download ended. A failure that cannot even be written down is told all the same.
    async fn settle(
        &self,
        account: &Account,
        id: SongId,
        row: &mut DownloadRow,
        brought: Result<Brought, Error>,
    ) -> Result<(), Error> {
        let before = account.library.download_of(id, row.rendition).await?;
        let mut kept = Download {
            song_id: id,
            rendition: row.rendition,
            state: Kept::Done,
            path: None,
            bytes: row.bytes,
            total: row.total,
            error: None,
            pinned: true,
            validator: before.as_ref().and_then(|before| before.validator.clone()),
            used_at: None,
        };
        match brought {
            Ok(Brought::Whole(path)) => {
                // Whole, it is as long as it is, also where the server never said.
                row.total = Some(row.bytes);
                (kept.path, kept.total, kept.validator) = (Some(path.clone()), row.total, None);
                if account.library.settle_download(kept).await? {
                    row.state = DownloadState::Done;
                    return Ok(());
                }
                // Between its last byte and its last word it was taken back.
                let _ = tokio::fs::remove_file(account.folder.join(path)).await;
                self.stopped(account, id, row).await
            }
            Ok(Brought::Stopped) => self.stopped(account, id, row).await,
            Err(e) => {
                kept.state = if waits(&e) { Kept::Queued } else { Kept::Failed };
                kept.error = Some(e.code().to_string());
                if let Some(before) = before {
                    (kept.bytes, kept.path) = (before.bytes, before.path);
                }
                match account.library.settle_download(kept).await {
                    Ok(false) => self.stopped(account, id, row).await,
                    Ok(true) | Err(_) => Err(e),
                }
            }
        }
    }

    /// Why it was stopped: it was paused or removed, or nothing may leave this machine now.
    async fn stopped(&self, account: &Account, id: SongId, row: &mut DownloadRow) -> Result<(), Error> {
        if let Some(kept) = account.library.download_of(id, row.rendition).await? {
            row.state = shelf::shown(kept.state, false);
            return Ok(());
        }
        bring::discard(&account.folder.join(bring::FOLDER).join(bring::part_name(row))).await;
        Err(Error::DownloadRemoved)
    }

    fn key(account: &Account, kept: &Download) -> Key {
        (account.folder.clone(), kept.song_id, kept.rendition)
    }
}

/// Whether a download that met this is worth going on with by itself, once the network or the service is back.
fn waits(error: &Error) -> bool {
    match error.code() {
        Code::Offline | Code::AuthRequired | Code::InvalidToken => true,
        Code::StorageFull => false,
        _ => error.retryable(),
    }
}

/// Below an account's folder: a file for each song that somebody is at.
pub(crate) const LOCKS: &str = "locks";

/// The right to bring or to remove a rendition, among all processes; `None` while another holds on to it.
pub(crate) async fn lock(
    account: &Account,
    id: SongId,
    rendition: Rendition,
    wait: Duration,
) -> Result<Option<FileLock>, Error> {
    // The file stays, so that it is one for all.
    create_folder_in(&account.folder, LOCKS)?;
    FileLock::acquire(&account.folder.join(LOCKS).join(format!("{id}-{rendition}")), wait).await
}

/// The rendition as it is kept, if it is whole and its file is there: a download, or cache.
pub(crate) async fn complete(
    account: &Account,
    id: SongId,
    rendition: Rendition,
) -> Result<Option<Download>, Error> {
    let kept = account.library.download_of(id, rendition).await?;
    Ok(kept.filter(|kept| kept.state == Kept::Done && is_there(account, kept)))
}

/// Whether its file is there and as long as it was.
fn is_there(account: &Account, kept: &Download) -> bool {
    let about = kept.path.as_ref().and_then(|path| account.folder.join(path).metadata().ok());
    about.is_some_and(|about| about.is_file() && about.len() == kept.bytes)
}

/// Listens to what is kept, to its end. Fails when its file is gone or cannot be heard as it was.
async fn check(account: &Account, kept: &Download) -> Result<(), Error> {
    match &kept.path {
        Some(path) if is_there(account, kept) => verify(account.folder.join(path), None).await,
        _ => Err(Error::DownloadDamaged),
    }
}

/// The rendition as it is kept, if it can still be heard to its end: one that was damaged since is brought anew.
async fn sound(account: &Account, id: SongId, rendition: Rendition) -> Result<Option<Download>, Error> {
    let kept = account.library.download_of(id, rendition).await?;
    let Some(kept) = kept.filter(|kept| kept.state == Kept::Done) else { return Ok(None) };
    match check(account, &kept).await {
        Ok(()) => Ok(Some(kept)),
        Err(e) => {
            tracing::warn!(code = %e.code(), "a download was damaged and is brought anew");
            Ok(None)
        }
    }
}

impl DownloadRow {
    /// `song` is our id, or what was asked for where nothing is known under it.
    fn new(song: impl ToString, rendition: Rendition, state: DownloadState) -> Self {
        Self {
            song_id: song.to_string(),
            rendition,
            state,
            bytes: 0,
            total: None,
            title: None,
            artist: None,
            error: None,
        }
    }

    /// Nothing is known under this id.
    fn unknown(id: &str, rendition: Rendition, error: &Error) -> Self {
        Self { error: Some(error.report()), ..Self::new(id, rendition, DownloadState::Failed) }
    }

    fn name(&mut self, song: &SongView) {
        self.title = Some(song.song.content.title.clone());
        self.artist = Some(song.song.content.artist.clone());
    }

    fn done(&mut self, kept: &Download) {
        (self.state, self.bytes, self.total) = (DownloadState::Done, kept.bytes, kept.total);
    }
}
