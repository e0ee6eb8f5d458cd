//! Playlists: made and changed in the account's library alone, brought in from files and out to them.

mod file;
mod json;
mod m3u8;
mod xspf;

use std::sync::Arc;

use melody_library::WantedSong;
use melody_model::{PlaylistId, PlaylistItemId, PlaylistView, SongId};

pub use file::PlaylistFormat;

use crate::{
    ChangedPlaylist, Error, ExportedPlaylist, ImportedPlaylist, PlaylistChange, PlaylistList, ShownPlaylist,
    TakenBack, UnmatchedSong, catalogue,
    context::{Account, Context},
    playlists::file::{Listed, ListedSong},
};

/// The most letters of a playlist's name.
const LONGEST_NAME: usize = 200;
/// The most places in one answer, where a part is asked for.
const PAGE_MOST: u32 = 500;

/// The service of the playlists, a guest's as an account's.
#[derive(Clone, Debug)]
pub(crate) struct Playlists {
    context: Arc<Context>,
}

impl Playlists {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    pub(crate) async fn list(&self) -> Result<PlaylistList, Error> {
        Ok(PlaylistList { playlists: self.context.account().library.playlists().await? })
    }

    pub(crate) async fn show(
        &self,
        playlist: &str,
        limit: Option<u32>,
        offset: u64,
    ) -> Result<ShownPlaylist, Error> {
        if let Some(limit) = limit {
            catalogue::check_limit(limit, PAGE_MOST)?;
        }
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        let page = account.library.playlist(id, limit, offset).await?;
        Ok(ShownPlaylist { playlist: page.playlist, items: page.items })
    }

    /// Makes a playlist. Every id is known before it is made.
    pub(crate) async fn create(&self, name: &str, ids: &[String]) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let name = checked(name)?;
        let songs = songs(&account, ids).await?;
        Ok(ChangedPlaylist { playlist: account.library.create_playlist(&name, songs).await? })
    }

    pub(crate) async fn rename(&self, playlist: &str, name: &str) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let name = checked(name)?;
        let id = named(&account, playlist).await?.id;
        Ok(ChangedPlaylist { playlist: account.library.rename_playlist(id, &name).await? })
    }

    pub(crate) async fn delete(&self, playlist: &str) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        Ok(ChangedPlaylist { playlist: account.library.delete_playlist(id).await? })
    }

    /// Adds songs. Every id is known before the first is added: a wrong one changes nothing.
    pub(crate) async fn add(&self, playlist: &str, ids: &[String]) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        let songs = songs(&account, ids).await?;
        Ok(ChangedPlaylist { playlist: account.library.add_to_playlist(id, songs).await? })
    }

    pub(crate) async fn remove(&self, playlist: &str, item: &str) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        let item = placed(&account, id, item).await?;
        Ok(ChangedPlaylist { playlist: account.library.remove_from_playlist(id, item).await? })
    }

    pub(crate) async fn move_item(
        &self,
        playlist: &str,
        item: &str,
        to: u64,
    ) -> Result<ChangedPlaylist, Error> {
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        let item = placed(&account, id, item).await?;
        Ok(ChangedPlaylist { playlist: account.library.move_in_playlist(id, item, to).await? })
    }

    pub(crate) async fn undo(&self) -> Result<TakenBack, Error> {
        let undone = self.context.account().library.undo_playlist_change().await?;
        Ok(match undone {
            Some(undone) => TakenBack { change: Some(undone.change.into()), playlist: Some(undone.playlist) },
            None => TakenBack { change: None, playlist: None },
        })
    }

    pub(crate) async fn export(
        &self,
        playlist: &str,
        format: PlaylistFormat,
    ) -> Result<ExportedPlaylist, Error> {
        let account = self.context.account();
        let id = named(&account, playlist).await?.id;
        let page = account.library.playlist(id, None, 0).await?;
        let mut list =
            Listed { name: page.playlist.name.clone(), songs: Vec::with_capacity(page.items.len()) };
        for item in page.items {
            list.songs.push(ListedSong::of(&account, item.song).await?);
        }
        Ok(ExportedPlaylist { text: file::write(&list, format)?, playlist: page.playlist })
    }

    /// Makes a playlist of what a file lists. What is not known here is looked for at the service; what is not found
    /// is told, song by song.
    pub(crate) async fn import(&self, text: &str, name: Option<String>) -> Result<ImportedPlaylist, Error> {
        let account = self.context.account();
        let list = file::read(text)?;
        let name = [list.name.as_str(), name.as_deref().unwrap_or_default(), "Playlist"]
            .into_iter()
            .find_map(|name| checked(name).ok())
            .ok_or_else(|| Error::internal("a playlist without a name"))?;
        let wanted: Vec<WantedSong> = list.songs.iter().map(ListedSong::wanted).collect();
        let mut found = account.library.match_songs(wanted.clone()).await?;
        ask_for_missing(&account, &wanted, &mut found).await?;
        let mut unmatched = Vec::new();
        for (place, (song, found)) in (0..).zip(list.songs.into_iter().zip(&found)) {
            if found.is_none() {
                let ListedSong { title, artist, duration_s, .. } = song;
                unmatched.push(UnmatchedSong { place, title, artist, duration_s });
            }
        }
        let songs: Vec<SongId> = found.into_iter().flatten().collect();
        let playlist = account.library.create_playlist(&name, songs).await?;
        Ok(ImportedPlaylist { playlist, unmatched })
    }
}

/// How many songs the service offers for a name, of which one may be the one that is meant.
const OFFERED: u32 = 50;

/// Looks for songs at the service, until it cannot be asked; then what is missing is missing.
async fn ask_for_missing(
    account: &Account,
    wanted: &[WantedSong],
    found: &mut [Option<SongId>],
) -> Result<(), Error> {
    for (wanted, found) in wanted.iter().zip(found) {
        if found.is_some() || wanted.title.is_empty() {
            continue;
        }
        // By title alone: not every service looks for an artist beside it.
        let asked =
            melody_api::SearchRequest { limit: OFFERED, ..melody_api::SearchRequest::new(&*wanted.title) };
        let page = match account.client.search(asked).await {
            Ok(page) => page,
            Err(e) => {
                tracing::info!(code = %Error::from(e).code(), "the service could not be asked for missing songs");
                return Ok(());
            }
        };
        let generation = account.generation().await?;
        account.library.store_songs(generation, page.items).await?;
        *found = account.library.match_songs(vec![wanted.clone()]).await?.pop().flatten();
    }
    Ok(())
}

/// A name as it is kept: on one line, without blanks around it.
fn checked(name: &str) -> Result<String, Error> {
    let name = file::one_line(name.trim());
    if name.is_empty() {
        return Err(Error::Invalid("A playlist needs a name.".into()));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Error::Invalid(format!("A playlist's name has at most {LONGEST_NAME} letters.")));
    }
    Ok(name)
}

/// The one playlist that a text names.
async fn named(account: &Account, text: &str) -> Result<PlaylistView, Error> {
    let mut found = account.library.find_playlists(text).await?;
    match found.len() {
        0 => Err(melody_library::Error::UnknownPlaylist.into()),
        1 => Ok(found.remove(0)),
        many => Err(Error::Invalid(format!(
            "{many} playlists are called “{text}”. Say which one by its ID; “melody playlist list” shows it."
        ))),
    }
}

/// The item that a text names: by id, or by its place, from 1.
async fn placed(account: &Account, playlist: PlaylistId, text: &str) -> Result<PlaylistItemId, Error> {
    if let Ok(id) = text.trim().parse() {
        return Ok(id);
    }
    let unknown = melody_library::Error::UnknownPlaylistItem;
    let place = text.trim().parse::<u64>().ok().and_then(|place| place.checked_sub(1));
    let Some(place) = place else { return Err(unknown.into()) };
    let mut page = account.library.playlist(playlist, Some(1), place).await?;
    Ok(page.items.pop().ok_or(unknown)?.id)
}

/// The songs that a face names.
async fn songs(account: &Account, ids: &[String]) -> Result<Vec<SongId>, Error> {
    let mut songs = Vec::with_capacity(ids.len());
    for (id, known) in ids.iter().zip(account.library.resolve_all(ids.to_vec()).await?) {
        songs.push(match known {
            Some(song) => song,
            None => catalogue::resolve(account, id).await?,
        });
    }
    Ok(songs)
}

impl From<melody_library::PlaylistChange> for PlaylistChange {
    fn from(change: melody_library::PlaylistChange) -> Self {
        use melody_library::PlaylistChange as Kept;
        match change {
            Kept::Created => Self::Created,
            Kept::Renamed => Self::Renamed,
            Kept::Deleted => Self::Deleted,
            Kept::Added => Self::Added,
            Kept::Removed => Self::Removed,
            Kept::Moved => Self::Moved,
        }
    }
}
