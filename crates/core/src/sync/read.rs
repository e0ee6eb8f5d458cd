//! Hearing what is in the service's library, page by page.

use std::collections::HashSet;

use jiff::Timestamp;
use melody_api::LibraryRequest;
use melody_library::GenerationId;
use melody_model::{EntryOrder, EntrySort, RemoteEntry, ServerId, SongId};

use super::FILLED;
use crate::{Error, context::Account};

/// Entries of one page: the service's own bound.
const PAGE: u32 = 100;
/// How far the library was read for the first time: the generation, and the offset; among the library's settings.
const FILLING: &str = "filling_at";

/// What a complete and consistent pass over the service's library met.
pub(super) struct Met {
    pub generation: GenerationId,
    pub ids: HashSet<ServerId>,
}

/// A walk through the service's library, page by page.
#[derive(Default)]
pub(super) struct Walk {
    offset: u64,
    /// The generation that it is in, and how many there were when it began.
    first: Option<(GenerationId, Option<u64>)>,
    seen: HashSet<ServerId>,
    inconsistent: bool,
    over: bool,
}

impl Walk {
    /// Stores the next page and answers with the ids of its songs; `None` after the last.
    async fn step(&mut self, account: &Account) -> Result<Option<Vec<ServerId>>, Error> {
        let Some((generation, page)) = self.next(account).await? else { return Ok(None) };
        let songs = page.iter().map(|entry| entry.song.server_id.clone()).collect();
        account.library.store_entries(generation, page).await?;
        Ok(Some(songs))
    }

    /// The next page, and the generation that it is of; `None` after the last.
    pub(super) async fn next(
        &mut self,
        account: &Account,
    ) -> Result<Option<(GenerationId, Vec<RemoteEntry>)>, Error> {
        if self.over {
            return Ok(None);
        }
        let page = account
            .client
            .library_songs(LibraryRequest {
                limit: PAGE,
                offset: self.offset,
                // The oldest first: a song that is added meanwhile comes at the end and moves nothing.
                sort: EntrySort::Added,
                order: EntryOrder::Asc,
                has_instrumental: None,
            })
            .await?;
        let generation = account.generation().await?;
        let total = page.total;
        let (first_generation, first_total) = *self.first.get_or_insert((generation, total));
        if generation != first_generation {
            return Err(Error::ServiceSwitched);
        }
        let came = (page.items.len() + page.skipped) as u64;
        let known_before = self.seen.len();
        self.seen.extend(page.items.iter().map(|entry| entry.server_id.clone()));
        let fresh = self.seen.len() - known_before;
        let consistent = page.skipped == 0 && total.is_some() && total == first_total && fresh as u64 == came;
        self.inconsistent |= !consistent;
        // By the count of what came, not by pages: a page may hold fewer than were asked for.
        self.offset += came;
        // A page without anything new is the end too, whatever is promised: some backends ignore the offset.
        // One whose items all were unreadable is not.
        self.over = came == 0
            || (fresh == 0 && !page.items.is_empty())
            || match total {
                Some(total) => self.offset >= total,
                None => came < u64::from(PAGE),
            };
        Ok(Some((generation, page.items)))
    }

    /// What was met, if the pass was complete and consistent. Only then is what is missing not there; a library that
    /// moves under the pass proves nothing.
    pub(super) fn met(self) -> Option<Met> {
        let (generation, total) = self.first?;
        let complete = !self.inconsistent && total == Some(self.seen.len() as u64);
        complete.then_some(Met { generation, ids: self.seen })
    }
}

/// Reads the whole library and drops what was removed elsewhere; answers with what it met, if that can be told.
pub(super) async fn fill(account: &Account) -> Result<Option<Met>, Error> {
    let began = Timestamp::now();
    let mut walk = Walk::default();
    while walk.step(account).await?.is_some() {}
    if walk.first.is_none() {
        return Ok(None);
    }
    let met = walk.met();
    if let Some(Met { generation, ids }) = &met {
        let seen: Vec<ServerId> = ids.iter().cloned().collect();
        account.library.reconcile(*generation, began, &seen).await?;
    }
    filled(account).await?;
    Ok(met)
}

/// Reads the library for the first time, from where an earlier try was cut off: a large one comes in the end, however
/// short the patience. What it reads proves no absence.
pub(super) async fn fill_on(account: &Account) -> Result<(), Error> {
    let kept = account.library.setting(FILLING).await?;
    let kept: Option<(GenerationId, u64)> = kept.and_then(|kept| serde_json::from_value(kept).ok());
    let generation = account.generation().await?;
    let mut walk = Walk::default();
    if let Some((_, offset)) = kept.filter(|(in_generation, _)| *in_generation == generation) {
        walk.offset = offset;
        // Should another backend answer, its pages are others.
        walk.first = Some((generation, None));
    }
    while walk.step(account).await?.is_some() {
        if let Some((generation, _)) = walk.first {
            account.library.set_setting(FILLING, &serde_json::json!((generation, walk.offset))).await?;
        }
    }
    filled(account).await
}

async fn filled(account: &Account) -> Result<(), Error> {
    Ok(account.library.set_setting(FILLED, &serde_json::json!(Timestamp::now())).await?)
}

/// Learns what the service says of one saved song, and reads its library no further than that. Where another process has
/// the right to run sync, what is known must do: a page that was fetched before a removal of that process was heard
/// would bring the entry back.
pub(crate) async fn learn(account: &Account, song: SongId) -> Result<(), Error> {
    let Some(_lock) = account.lock_sync().await? else { return Ok(()) };
    let generation = account.generation().await?;
    if let Some(wanted) = account.library.server_id(song, generation).await? {
        has(account, &wanted).await?;
    }
    Ok(())
}

/// Whether the service's library has a song, read no further than to that. What it says of it is stored.
pub(super) async fn has(account: &Account, wanted: &ServerId) -> Result<bool, Error> {
    let mut walk = Walk::default();
    while let Some(songs) = walk.step(account).await? {
        if songs.contains(wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}
