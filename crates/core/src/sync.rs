//! Telling the service what changed here, and hearing what is there.
//!
//! Plain for now: one pass, when it is asked for. The interfaces are those that the engine will keep.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use melody_api::{LibraryRequest, Removal};
use melody_library::{Acknowledgement, Action, EntryQuery, GenerationId, Operation, Outcome};
use melody_model::{EntryOrder, EntrySort, ServerId, SongId};
use serde::{Deserialize, Serialize};

use crate::{
    Code, Error, Event, ParkedOperation, SyncState, SyncStatus,
    context::{Account, Context},
};

/// Entries of one page: the service's own bound.
const PAGE: u32 = 100;
/// Operations that are looked at in one go.
const BATCH: u32 = 100;
/// How often a change is tried while somebody waits for it, and the first pause between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the journal of what the service has heard is kept, for a rollback (the contract's figure).
const JOURNAL_KEPT: Duration = Duration::from_hours(30 * 24);
/// When the library was last read through, among the library's settings.
const FILLED: &str = "filled_at";
/// How far it was read before that for the first time: the generation, and the offset.
const FILLING: &str = "filling_at";

/// How the last sync ended, among the library's settings: another process may ask.
const ENDED: &str = "sync_ended";

/// The sync service of the account that is on.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    context: Arc<Context>,
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ended {
    state: SyncState,
    /// Before this there is no point in trying again.
    until: Option<Timestamp>,
}

/// What a complete and consistent pass over the service's library met.
pub(crate) struct Met {
    generation: GenerationId,
    ids: HashSet<ServerId>,
}

/// What became of one operation.
enum Sent {
    Heard(Acknowledgement),
    /// The service will never take it.
    Refused(String),
    /// It cannot be said yet: its song or its entry has no id in this generation.
    NotYet,
    /// Somebody said yes who need not be the service: reading the library through will tell.
    Unclear(Error),
}

impl Sync {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Sends what waits, then reads the library through. Fails with what stopped it; nothing is lost by that.
    pub(crate) async fn run(&self) -> Result<SyncStatus, Error> {
        let account = self.context.signed_in()?;
        let Some(_lock) = account.lock_sync().await? else {
            // One process at a time runs sync; this one leaves its operations to it.
            return self.status_as(&account, Ended { state: SyncState::Running, until: None }).await;
        };
        let running = self.status_as(&account, Ended { state: SyncState::Running, until: None }).await?;
        self.context.tell(Event::SyncChanged(running));
        let passed = pass(&account).await;
        let settled = self.settle(&account, &passed).await;
        // What stopped the sync is the error to tell, not that its end could not be kept.
        passed?;
        settled?;
        self.status().await
    }

    /// Tries for a while to send what waits, and says how that ended. Whatever is left waits for the next sync.
    pub(crate) async fn drain_for(&self, patience: Duration) -> SyncState {
        self.for_a_while(patience, |account| async move {
            let mut tries = 1;
            loop {
                match drain(&account, None).await {
                    // A hiccup is over in a moment; what lasts is left to a later sync.
                    Err(e) if tries < TRIES && e.code() == Code::Unreachable => {
                        tokio::time::sleep(PAUSE * tries).await;
                        tries += 1;
                    }
                    other => return other,
                }
            }
        })
        .await
    }

    /// Reads the library through if that was never done, for as long as the patience lasts. What came stays.
    pub(crate) async fn fill_if_never(&self, patience: Duration) {
        self.for_a_while(patience, |account| async move {
            match account.library.setting(FILLED).await? {
                Some(_) => Ok(()),
                None => fill_on(&account).await,
            }
        })
        .await;
    }

    async fn for_a_while<F>(&self, patience: Duration, work: impl FnOnce(Arc<Account>) -> F) -> SyncState
    where
        F: Future<Output = Result<(), Error>>,
    {
        let Ok(account) = self.context.signed_in() else { return SyncState::SignInNeeded };
        let passed = tokio::time::timeout(patience, async {
            match account.lock_sync().await? {
                Some(_lock) => work(account.clone()).await.map(|()| SyncState::Idle),
                // Another process is at it and will send these too.
                None => Ok(SyncState::Running),
            }
        })
        .await;
        match passed {
            Ok(Ok(SyncState::Running)) => SyncState::Running,
            Ok(passed) => {
                let passed = passed.map(drop);
                if let Err(e) = self.settle(&account, &passed).await {
                    tracing::warn!(code = %e.code(), "the end of a sync could not be kept");
                }
                ended(&passed).state
            }
            // Cut off in the middle, an operation stays marked as being sent: next time it counts as uncertain.
            Err(_) => SyncState::Offline,
        }
    }

    /// What waits, and how the last sync ended, whichever process ran it.
    pub(crate) async fn status(&self) -> Result<SyncStatus, Error> {
        let account = self.context.signed_in()?;
        let ended = kept_end(&account).await?;
        self.status_as(&account, ended).await
    }

    async fn status_as(&self, account: &Account, ended: Ended) -> Result<SyncStatus, Error> {
        let outbox = account.library.outbox_status().await?;
        let entries = account.library.entries(EntryQuery { limit: 1, ..EntryQuery::default() }).await?.total;
        let parked = outbox
            .parked
            .into_iter()
            .map(|op| ParkedOperation { op: op.op, what: op.what, reason: op.reason })
            .collect();
        Ok(SyncStatus { state: ended.state, entries, pending: outbox.pending, parked, until: ended.until })
    }

    /// Keeps how a pass ended, and tells of it.
    async fn settle(&self, account: &Account, passed: &Result<(), Error>) -> Result<(), Error> {
        let ended = ended(passed);
        if ended != kept_end(account).await? {
            account
                .library
                .set_setting(ENDED, &serde_json::to_value(ended).map_err(Error::internal)?)
                .await?;
        }
        self.context.tell(Event::SyncChanged(self.status_as(account, ended).await?));
        Ok(())
    }
}

async fn kept_end(account: &Account) -> Result<Ended, Error> {
    let kept = account.library.setting(ENDED).await?;
    let ended: Ended = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
    // A wait that is over holds nothing back.
    Ok(if ended.until.is_some_and(|until| until <= Timestamp::now()) { Ended::default() } else { ended })
}

fn ended(passed: &Result<(), Error>) -> Ended {
    let Err(error) = passed else { return Ended::default() };
    let state = match error.code() {
        Code::AuthRequired | Code::InvalidToken => SyncState::SignInNeeded,
        Code::RateLimitExceeded | Code::Maintenance => SyncState::Waiting,
        Code::Unreachable | Code::NotTheService | Code::Offline => SyncState::Offline,
        _ => SyncState::Failed,
    };
    Ended { state, until: error.retry_at() }
}

/// One whole sync: what waits goes out, the library is read, and what could only go out after that does.
async fn pass(account: &Account) -> Result<(), Error> {
    let sent = drain(account, None).await;
    if let Err(e) = &sent
        && !e.is_of_one_call()
    {
        return sent;
    }
    let met = fill(account).await?;
    drain(account, met.as_ref()).await?;
    if let Ok(month_ago) = Timestamp::now().checked_sub(JOURNAL_KEPT) {
        account.library.prune_journal(month_ago).await?;
    }
    sent
}

/// The generation that the service is in now, by an answer of this process and not by what is remembered.
async fn present_generation(account: &Account) -> Result<GenerationId, Error> {
    if account.client.observations().borrow().agreeing == 0 {
        // Operations are planned with one generation's ids: which one answers should be known before. A backend
        // that does not tell shows it in its first answer.
        let _ = account.client.version().await;
    }
    account.generation().await
}

/// Sends what waits, in the order of each song. `met` is what the service has, when the library has just been read
/// through: what is not in it is not there.
///
/// The caller holds the lock: nobody else sends.
async fn drain(account: &Account, met: Option<&Met>) -> Result<(), Error> {
    if account.library.outbox_status().await?.pending == 0 {
        return Ok(());
    }
    let generation = present_generation(account).await?;
    // What another generation has says nothing of this one's.
    let met = met.filter(|met| met.generation == generation);
    let mut passed_over = Vec::new();
    let mut first_refusal = None;
    loop {
        let operations = account.library.pending_operations(BATCH + passed_over.len() as u32).await?;
        let todo: Vec<_> = operations.into_iter().filter(|op| !passed_over.contains(&op.id)).collect();
        if todo.is_empty() {
            return first_refusal.map_or(Ok(()), Err);
        }
        for operation in todo {
            let id = operation.id;
            if !account.library.mark_sending(id).await? {
                continue;
            }
            let sent = send(account, generation, operation, met).await;
            if account.generation().await? != generation {
                // The backend changed under us: whose answer this was cannot be told, and the ids are another's.
                account.library.release(id, Outcome::Unknown).await?;
                return Err(Error::ServiceSwitched);
            }
            match sent {
                Ok(Sent::Heard(heard)) => {
                    account.library.acknowledge(id, heard).await?;
                }
                Ok(Sent::Refused(reason)) => {
                    account.library.park(id, &reason).await?;
                }
                Ok(Sent::NotYet) => {
                    account.library.release(id, Outcome::NotReached).await?;
                    passed_over.push(id);
                }
                Ok(Sent::Unclear(e)) => {
                    account.library.release(id, Outcome::Unknown).await?;
                    passed_over.push(id);
                    // Before the library is read there is hope that it settles this.
                    if met.is_some() {
                        first_refusal.get_or_insert(e);
                    }
                }
                Err(e) => {
                    let outcome = if e.was_not_taken() { Outcome::NotReached } else { Outcome::Unknown };
                    account.library.release(id, outcome).await?;
                    if !e.is_of_one_call() {
                        return Err(e);
                    }
                    // One that the service cannot digest holds back its own song, and nothing else.
                    passed_over.push(id);
                    first_refusal.get_or_insert(e);
                }
            }
        }
    }
}

async fn send(
    account: &Account,
    generation: GenerationId,
    operation: Operation,
    met: Option<&Met>,
) -> Result<Sent, Error> {
    let mut heard =
        Acknowledgement { generation, entry_server_id: None, play_count: None, last_played_at: None };
    let told = match &operation.action {
        Action::Add => {
            let Some(song) = &operation.song_server_id else { return Ok(Sent::NotYet) };
            account.client.library_add(song).await.map(|added| {
                heard.entry_server_id = added.server_id;
                heard.play_count = added.entry.as_ref().map(|entry| entry.play_count);
                heard.last_played_at = added.entry.and_then(|entry| entry.last_played_at);
            })
        }
        Action::Remove { .. } => match &operation.entry_server_id {
            Some(entry) if operation.uncertain && met.is_some_and(|met| !met.ids.contains(entry)) => Ok(()),
            Some(entry) => match account.client.library_remove(entry).await {
                Ok(Removal::Unclear(e)) => return Ok(Sent::Unclear(e.into())),
                removed => removed.map(drop),
            },
            // The service may have it under an id that it never told: only reading the library through can say.
            None if met.is_some() => Ok(()),
            None => return Ok(Sent::NotYet),
        },
        Action::Play { seconds, completed, .. } => {
            // At most once: an attempt whose outcome is not known is not repeated, for a play sent twice is
            // counted twice.
            if operation.uncertain {
                return Ok(Sent::Heard(heard));
            }
            let Some(entry) = &operation.entry_server_id else { return Ok(Sent::NotYet) };
            account.client.library_play(entry, *seconds, *completed).await.map(|count| {
                heard.entry_server_id = Some(entry.clone());
                heard.play_count = count.play_count;
                heard.last_played_at = count.last_played_at;
            })
        }
    };
    match told.map_err(Error::from) {
        Ok(()) => Ok(Sent::Heard(heard)),
        Err(e) if e.will_never_pass() => Ok(Sent::Refused(e.to_string())),
        Err(e) => Err(e),
    }
}

/// A walk through the service's library, page by page.
#[derive(Default)]
struct Walk {
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
        let songs = page.items.iter().map(|entry| entry.song.server_id.clone()).collect();
        account.library.store_entries(generation, page.items).await?;
        // By the count of what came, not by pages: a page may hold fewer than were asked for.
        self.offset += came;
        // A page without anything new is the end too, whatever is promised: some backends ignore the offset.
        self.over = fresh == 0
            || match total {
                Some(total) => self.offset >= total,
                None => came < u64::from(PAGE),
            };
        Ok(Some(songs))
    }
}

/// Reads the whole library and answers with what it met if the pass was complete and consistent. Only then was what is
/// missing removed elsewhere; a library that moves under the pass, or a backend that changes, proves nothing.
async fn fill(account: &Account) -> Result<Option<Met>, Error> {
    let began = Timestamp::now();
    let mut walk = Walk::default();
    while walk.step(account).await?.is_some() {}
    let Some((generation, total)) = walk.first else { return Ok(None) };
    let complete = !walk.inconsistent && total == Some(walk.seen.len() as u64);
    if complete {
        let seen: Vec<ServerId> = walk.seen.iter().cloned().collect();
        account.library.reconcile(generation, began, &seen).await?;
    }
    filled(account).await?;
    Ok(complete.then_some(Met { generation, ids: walk.seen }))
}

/// Reads the library for the first time, from where an earlier try was cut off: a large one comes in the end, however
/// short the patience. What it reads proves no absence.
async fn fill_on(account: &Account) -> Result<(), Error> {
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
    let mut walk = Walk::default();
    while let Some(songs) = walk.step(account).await? {
        let Some((generation, _)) = walk.first else { continue };
        let wanted = account.library.server_id(song, generation).await?;
        if wanted.is_some_and(|wanted| songs.contains(&wanted)) {
            break;
        }
    }
    Ok(())
}
