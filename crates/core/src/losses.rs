//! What is lost with an account that is forgotten: told before it is, and after.

use std::{fs, path::PathBuf, sync::Arc};

use melody_library::{DownloadState, Library};

use crate::{
    Error, Losses,
    context::{Context, LIBRARY_FILE},
    profile::GUEST,
};

/// The account that a sign-out would forget: whoever is signed in, else the one that signed out and left its data.
pub(crate) async fn before(context: &Arc<Context>) -> Result<Losses, Error> {
    match context.signed_in() {
        Ok(account) => of(&account.library).await,
        Err(_) => of(&open(left_behind(context)?).await?).await,
    }
}

/// What only this machine has of an account. Saved songs are the service's too, and streamed ones come again.
pub(crate) async fn of(library: &Library) -> Result<Losses, Error> {
    let outbox = library.outbox_status().await?;
    let done = library.downloads(Some(DownloadState::Done)).await?;
    let downloads = done.iter().filter(|download| download.pinned);
    Ok(Losses {
        pending: outbox.pending + outbox.parked.len() as u64,
        downloads: downloads.clone().count() as u64,
        download_bytes: downloads.map(|download| download.bytes).sum(),
        playlists: library.playlists().await?.len() as u64,
        listens: library.history(1, 0).await?.total,
    })
}

/// The folder of the one account of the service that is here without being signed in.
pub(crate) fn left_behind(context: &Context) -> Result<PathBuf, Error> {
    let identity = context.account().service.address.identity();
    let guest = context.profile.account_folder(&identity, GUEST);
    let below = guest.parent().and_then(|service| fs::read_dir(service).ok()).into_iter().flatten().flatten();
    let mut left: Vec<PathBuf> = below
        .map(|account| account.path())
        .filter(|folder| {
            *folder != guest && folder.extension().is_none() && folder.join(LIBRARY_FILE).is_file()
        })
        .collect();
    match (left.pop(), left.len()) {
        (Some(folder), 0) => Ok(folder),
        (Some(_), others) => Err(Error::WhichAccount { count: others + 1 }),
        (None, _) => Err(Error::SignInNeeded),
    }
}

/// The library of an account that is not signed in.
pub(crate) async fn open(folder: PathBuf) -> Result<Library, Error> {
    let opened = tokio::task::spawn_blocking(move || Library::open(&folder.join(LIBRARY_FILE)));
    Ok(opened.await.map_err(Error::internal)??)
}
