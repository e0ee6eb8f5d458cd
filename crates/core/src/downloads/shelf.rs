//! What is kept and what waits: listed, verified, paused, taken away.

use std::io;

use melody_library::{Download, DownloadState as Kept};
use melody_model::{Rendition, SongId};

use super::{Downloads, LOCK_WAIT, bring, check, lock};
use crate::{
    DownloadList, DownloadRow, DownloadState, Error, VerifiedDownloads, catalogue, context::Account,
};

impl Downloads {
    /// Every download: there, on its way, or given up.
    pub(crate) async fn list(&self) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let kept = account.library.downloads(None).await?.into_iter().filter(|kept| kept.pinned).collect();
        Ok(DownloadList { downloads: self.rows(&account, kept).await? })
    }

    /// Decodes every download to its end. What cannot be heard is marked as failed, until it is asked for again and brought
    /// anew; what was marked and can be heard again is a download again.
    pub(crate) async fn verify(&self) -> Result<VerifiedDownloads, Error> {
        let account = self.context.account();
        // A file that never came has no path.
        let is_file = |kept: &Download| {
            kept.pinned && kept.path.is_some() && matches!(kept.state, Kept::Done | Kept::Failed)
        };
        let files = account.library.downloads(None).await?.into_iter().filter(is_file);
        let mut found = VerifiedDownloads { checked: 0, damaged: Vec::new() };
        for kept in files {
            found.checked += 1;
            let checked = check(&account, &kept).await;
            if let Err(e) = &checked {
                tracing::warn!(code = %e.code(), "a download is damaged or gone");
            }
            let told = checked.is_err().then(|| Error::DownloadDamaged.report());
            let state = if told.is_some() { Kept::Failed } else { Kept::Done };
            let verified =
                Download { state, error: told.as_ref().map(|e| e.code.to_string()), ..kept.clone() };
            if verified != kept && !self.replace(&account, &kept, verified.clone()).await? {
                continue;
            }
            if told.is_some() {
                let rows = self.rows(&account, vec![verified]).await?;
                let marked =
                    rows.into_iter().map(|row| self.told(DownloadRow { error: told.clone(), ..row }));
                found.damaged.extend(marked);
            }
        }
        Ok(found)
    }

    /// Puts one thing down in place of another, unless somebody has changed that meanwhile. Whether it was done.
    async fn replace(&self, account: &Account, before: &Download, after: Download) -> Result<bool, Error> {
        let (id, rendition) = (before.song_id, before.rendition);
        let Some(_lock) = lock(account, id, rendition, LOCK_WAIT).await? else { return Ok(false) };
        let unchanged = account.library.download_of(id, rendition).await?.as_ref() == Some(before);
        if unchanged {
            account.library.set_download(after).await?;
        }
        Ok(unchanged)
    }

    /// Takes downloads of songs off this machine, and their parts: of one rendition, or of all. Answers as they were.
    pub(crate) async fn remove(
        &self,
        ids: &[String],
        rendition: Option<Rendition>,
    ) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let songs = songs(&account, ids).await?;
        let mut removed = Vec::new();
        for kept in account.library.downloads(None).await? {
            let meant = songs.contains(&kept.song_id) && rendition.is_none_or(|only| only == kept.rendition);
            if kept.pinned && meant {
                removed.push(kept);
            }
        }
        let rows = self.rows(&account, removed.clone()).await?;
        for (kept, row) in removed.iter().zip(&rows) {
            // It does not count any more, then its file goes, then its row: whatever ends us in between, no file stays that
            // nobody knows of, and none is missed that counts.
            if let Some(path) = &kept.path {
                let given_up = Error::DownloadRemoved.code().to_string();
                let going = Download { state: Kept::Failed, error: Some(given_up), ..kept.clone() };
                account.library.set_download(going).await?;
                remove_file(&account, path).await?;
            }
            let part = format!("{}/{}", bring::FOLDER, bring::part_name(row));
            remove_file(&account, &part).await?;
            account.library.forget_download(kept.song_id, kept.rendition).await?;
            let key = Self::key(&account, kept);
            self.under_way.stop(|other| *other == key);
        }
        Ok(DownloadList { downloads: rows })
    }

    /// Puts off what waits and what is under way: of these songs, or all. Answers with all downloads.
    pub(crate) async fn pause(&self, ids: Option<&[String]>) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let songs = meant(&account, ids).await?;
        account.library.pause_downloads(songs.clone()).await?;
        self.under_way.stop(|(folder, song, _)| {
            *folder == account.folder && songs.as_ref().is_none_or(|songs| songs.contains(song))
        });
        self.list().await
    }

    /// Takes up again what was put off: of these songs, or all. Answers with all downloads; they are fetched afterwards.
    pub(crate) async fn resume(&self, ids: Option<&[String]>) -> Result<DownloadList, Error> {
        let account = self.context.account();
        let songs = meant(&account, ids).await?;
        account.library.resume_downloads(songs).await?;
        let downloads = self.clone();
        tokio::spawn(async move {
            if let Err(e) = downloads.fetch_queued().await {
                tracing::warn!(code = %e.code(), "downloads could not be gone on with");
            }
        });
        self.list().await
    }

    /// What is kept, as a face shows it.
    async fn rows(&self, account: &Account, kept: Vec<Download>) -> Result<Vec<DownloadRow>, Error> {
        let songs =
            account.library.songs_or_none(kept.iter().map(|download| download.song_id).collect()).await?;
        let rows = kept.iter().zip(songs).map(|(kept, song)| {
            let under_way = self.under_way.has(&Self::key(account, kept));
            let mut row = DownloadRow::new(kept.song_id, kept.rendition, shown(kept.state, under_way));
            (row.bytes, row.total) = (kept.bytes, kept.total);
            if let Some(song) = song {
                row.name(&song);
            }
            row
        });
        Ok(rows.collect())
    }
}

pub(super) fn shown(state: Kept, under_way: bool) -> DownloadState {
    match state {
        Kept::Queued if under_way => DownloadState::Running,
        Kept::Queued => DownloadState::Queued,
        Kept::Paused => DownloadState::Paused,
        Kept::Done => DownloadState::Done,
        Kept::Failed => DownloadState::Failed,
    }
}

async fn meant(account: &Account, ids: Option<&[String]>) -> Result<Option<Vec<SongId>>, Error> {
    match ids {
        Some(ids) => Ok(Some(songs(account, ids).await?)),
        None => Ok(None),
    }
}

/// Our ids of songs, every one of which is known before anything is changed.
async fn songs(account: &Account, ids: &[String]) -> Result<Vec<SongId>, Error> {
    let mut songs = Vec::with_capacity(ids.len());
    for id in ids {
        songs.push(catalogue::resolve(account, id).await?);
    }
    Ok(songs)
}

/// Removes a file of the account's; one that is gone already is no failure.
async fn remove_file(account: &Account, path: &str) -> Result<(), Error> {
    let path = account.folder.join(path);
    match tokio::fs::remove_file(&path).await {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::storage(&path, e)),
        _ => Ok(()),
    }
}
