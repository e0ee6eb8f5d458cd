//! The saved songs: read from the library, changed there first, told to the service afterwards.

use std::sync::Arc;

use melody_library::EntryQuery;

use crate::{
    ChangedEntries, EntryList, Error, ListRequest, catalogue,
    context::Context,
    sync::{Sync, TRY_FOR},
};

/// The most that one page of the list holds.
const MOST: u32 = 100;

/// The service of the saved songs.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    context: Arc<Context>,
    sync: Sync,
}

impl Saved {
    pub(crate) fn new(context: Arc<Context>, sync: Sync) -> Self {
        Self { context, sync }
    }

    pub(crate) async fn list(&self, request: ListRequest) -> Result<EntryList, Error> {
        catalogue::check_limit(request.limit, MOST)?;
        let account = self.context.signed_in()?;
        self.sync.fill_if_never(TRY_FOR).await;
        let page = account
            .library
            .entries(EntryQuery {
                limit: request.limit,
                offset: request.offset,
                sort: request.sort,
                order: request.order,
                filter: request.filter.unwrap_or_default(),
                language: request.language,
            })
            .await?;
        Ok(EntryList { entries: page.entries, total: page.total })
    }

    /// Saves songs. Every id is known before the first is written: a wrong one loses nothing and changes nothing.
    pub(crate) async fn add(&self, ids: &[String]) -> Result<ChangedEntries, Error> {
        let account = self.context.signed_in()?;
        let mut songs = Vec::with_capacity(ids.len());
        for id in ids {
            songs.push(catalogue::resolve(&account, id).await?);
        }
        for song in &songs {
            account.library.add(*song).await?;
        }
        let state = self.sync.drain_for(TRY_FOR).await;
        let mut entries = Vec::with_capacity(songs.len());
        for song in songs {
            entries.extend(account.library.entry_of(song).await?);
        }
        Ok(ChangedEntries { entries, state })
    }

    /// Removes saved songs; one that is not saved is no failure. The entries are told as they were, with
    /// `pending` for what is still to be sent.
    pub(crate) async fn remove(&self, ids: &[String]) -> Result<ChangedEntries, Error> {
        let account = self.context.signed_in()?;
        let mut songs = Vec::with_capacity(ids.len());
        for id in ids {
            songs.push(catalogue::resolve(&account, id).await?);
        }
        let mut entries = Vec::with_capacity(songs.len());
        for song in &songs {
            entries.extend(account.library.remove(*song).await?);
        }
        let state = self.sync.drain_for(TRY_FOR).await;
        for entry in &mut entries {
            entry.pending = account.library.is_pending(entry.song.song.id).await?;
            entry.song.in_library = false;
        }
        Ok(ChangedEntries { entries, state })
    }
}
