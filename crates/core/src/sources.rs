//! Where a song's bytes are: on this machine, as a download or in the cache, else the service's.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use melody_model::{AudioFile, Rendition, SongId, SongView};
use melody_player::Source;

use tokio::runtime::Handle;

use crate::{
    Error,
    cache::Streamed,
    catalogue,
    context::{Account, Context},
    downloads,
    remote::Remote,
    stream::{self, WhenWhole},
    sync,
};

/// Opens a song for the player.
pub(crate) async fn open(
    context: &Arc<Context>,
    account: &Arc<Account>,
    song: &SongView,
    rendition: Rendition,
) -> Result<Source, Error> {
    if let Some(source) = on_this_machine(account, song.song.id, rendition).await? {
        return Ok(source);
    }
    let cache = to_the_cache(context, account, song.song.id, rendition);
    let opened = async { stream::open(remote(account, song, rendition).await?, cache).await }.await;
    opened.map_err(|e| match e {
        Error::Api(cause @ (melody_api::Error::Unreachable(_) | melody_api::Error::Offline)) => {
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

/// The rendition as a download or from the cache, if it is there whole.
async fn on_this_machine(
    account: &Arc<Account>,
    id: SongId,
    rendition: Rendition,
) -> Result<Option<Source>, Error> {
    let Some(kept) = downloads::complete(account, id, rendition).await? else { return Ok(None) };
    let Some(path) = &kept.path else { return Ok(None) };
    // A file that was taken away from under us is no reason to be silent while the service has the song.
    let source = match Source::file(account.folder.join(path)) {
        Ok(source) => source,
        Err(e) => {
            tracing::warn!(error = %e, "a download is missing; the service is asked instead");
            return Ok(None);
        }
    };
    if !kept.pinned {
        let account = account.clone();
        // Not what the first sample waits for.
        tokio::spawn(async move {
            if let Err(e) = account.library.use_cached(id, rendition).await {
                tracing::warn!(code = e.code(), "that the cache was played from could not be kept");
            }
        });
    }
    Ok(Some(source))
}

/// Puts the song into the account's cache when all of it has come.
fn to_the_cache(
    context: &Arc<Context>,
    account: &Arc<Account>,
    song: SongId,
    rendition: Rendition,
) -> WhenWhole {
    let (context, account, runtime) = (context.clone(), account.clone(), Handle::current());
    Box::new(move |file, length, hint| {
        let cache = context.cache.clone();
        cache.keep(&runtime, context, account, Streamed { song, rendition, file, length, hint });
    })
}

/// Where the service has the rendition; a song known from a list only is asked for in full first.
async fn address(account: &Account, song: &SongView, rendition: Rendition) -> Result<String, Error> {
    match song.song.content.audio_files.get(&rendition) {
        Some(AudioFile { url, .. }) => Ok(url.clone()),
        None => fresh_address(account, song.song.id, rendition).await,
    }
}

/// Asks the service for the song again and takes the address that it gives now.
pub(crate) async fn fresh_address(
    account: &Account,
    id: SongId,
    rendition: Rendition,
) -> Result<String, Error> {
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
