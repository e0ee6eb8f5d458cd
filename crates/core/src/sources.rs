//! Where a song's bytes are: a download on this machine first, else the service.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use melody_library::DownloadState;
use melody_model::{AudioFile, Rendition, SongId, SongView};
use melody_player::Source;

use crate::{Error, catalogue, context::Account, remote::Remote, stream, sync};

/// Opens a song for the player.
pub(crate) async fn open(
    account: &Arc<Account>,
    song: &SongView,
    rendition: Rendition,
) -> Result<Source, Error> {
    if let Some(path) = downloaded(account, song.song.id, rendition).await? {
        // A file that was taken away from under us is no reason to be silent while the service has the song.
        match Source::file(&path) {
            Ok(source) => return Ok(source),
            Err(e) => tracing::warn!(error = %e, "a download is missing; the service is asked instead"),
        }
    }
    let opened = async { stream::open(remote(account, song, rendition).await?).await }.await;
    opened.map_err(|e| match e {
        Error::Api(cause @ melody_api::Error::Unreachable(_)) => {
            Error::Offline { title: song.song.content.title.clone(), cause }
        }
        other => other,
    })
}

/// The rendition on the service.
pub(crate) async fn remote(
    account: &Arc<Account>,
    song: &SongView,
    rendition: Rendition,
) -> Result<Remote, Error> {
    let address = address(account, song, rendition).await?;
    let (again, id) = (account.clone(), song.song.id);
    let renew = Arc::new(move || -> BoxFuture<'static, Result<String, Error>> {
        let account = again.clone();
        Box::pin(async move { fresh_address(&account, id, rendition).await })
    });
    Ok(Remote::new(account.client.clone(), address, renew))
}

/// The complete download of a rendition, if there is one.
pub(crate) async fn downloaded(
    account: &Account,
    id: SongId,
    rendition: Rendition,
) -> Result<Option<PathBuf>, Error> {
    let kept = account.library.download_of(id, rendition).await?;
    let path = kept.filter(|kept| kept.state == DownloadState::Done).and_then(|kept| kept.path);
    Ok(path.map(|relative| account.folder.join(relative)))
}

/// Where the service has the rendition; a song known from a list only is asked for in full first.
async fn address(account: &Account, song: &SongView, rendition: Rendition) -> Result<String, Error> {
    match song.song.content.audio_files.get(&rendition) {
        Some(AudioFile { url, .. }) => Ok(url.clone()),
        None => fresh_address(account, song.song.id, rendition).await,
    }
}

/// Asks the service for the song again and takes the address that it gives now.
async fn fresh_address(account: &Account, id: SongId, rendition: Rendition) -> Result<String, Error> {
    if rendition == Rendition::Instrumental && account.library.entry_of(id).await?.is_some() {
        // A saved song's instrumental is the entry's, and only the library tells its address.
        sync::learn(account, id).await?;
    }
    let song = catalogue::fetch(account, id).await?;
    match song.song.content.audio_files.get(&rendition) {
        Some(AudioFile { url, .. }) => Ok(url.clone()),
        None => Err(Error::NoAudio { title: song.song.content.title, rendition: rendition.as_str() }),
    }
}
