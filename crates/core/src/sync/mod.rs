//! Telling the service what changed here, and hearing what is there.
//!
//! Plain for now: one pass, when it is asked for. The interfaces are those that the engine will keep.

mod read;
mod send;
mod verify;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use melody_library::{EntryQuery, Outcome};
use serde::{Deserialize, Serialize};

pub(crate) use read::learn;

use self::{
    read::{fill, fill_on},
    send::drain,
};
use crate::{
    Code, Error, Event, ParkedOperation, SyncState, SyncStatus, Verification,
    context::{Account, Context},
};

/// How long a change is tried for before it is left to a later sync (the command line's figure).
pub(crate) const TRY_FOR: Duration = Duration::from_secs(5);
/// How often a change is tried while somebody waits for it, and the first pause between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the journal of what the service has heard is kept, for a rollback (the contract's figure).
const JOURNAL_KEPT: Duration = Duration::from_hours(30 * 24);
/// When the library was last read through, among the library's settings.
const FILLED: &str = "filled_at";
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
        let passed = account.unless_left(pass(&account)).await;
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

    /// Puts what the service refused back among what waits, and tries for a while to send it.
    pub(crate) async fn retry(&self) -> Result<SyncStatus, Error> {
        let account = self.context.signed_in()?;
        for parked in account.library.outbox_status().await?.parked {
            account.library.release(parked.op, Outcome::NotReached).await?;
        }
        self.drain_for(TRY_FOR).await;
        self.status().await
    }

    /// Gives up a change that the service refuses: here it is then as it is there.
    pub(crate) async fn discard(&self, op: &str) -> Result<SyncStatus, Error> {
        let account = self.context.signed_in()?;
        let discarded = match op.trim().parse() {
            Ok(op) => account.library.discard(op).await?,
            Err(_) => false,
        };
        if !discarded {
            return Err(Error::Invalid(format!(
                "“{op}” is not a change that the service refused. “melody library status” lists those."
            )));
        }
        let status = self.status().await?;
        self.context.tell(Event::SyncChanged(status.clone()));
        Ok(status)
    }

    /// Compares the library here with the service's, entry by entry. Changes nothing on either side.
    pub(crate) async fn verify(&self) -> Result<Verification, Error> {
        let account = self.context.signed_in()?;
        // A sync in between would move what is compared.
        let _lock = account.lock_sync().await?.ok_or(Error::Busy)?;
        verify::verify(&account).await
    }

    /// Reads the library through if that was never done, for as long as the patience lasts. What came stays.
    pub(crate) async fn fill_if_never(&self, patience: Duration) {
        let Ok(account) = self.context.signed_in() else { return };
        // Where nothing is to be done nothing is asked: how the last sync ended still holds.
        if matches!(account.library.setting(FILLED).await, Ok(Some(_))) {
            return;
        }
        self.for_a_while(patience, |account| async move { fill_on(&account).await }).await;
    }

    async fn for_a_while<F>(&self, patience: Duration, work: impl FnOnce(Arc<Account>) -> F) -> SyncState
    where
        F: Future<Output = Result<(), Error>>,
    {
        let Ok(account) = self.context.signed_in() else { return SyncState::SignInNeeded };
        let passed = tokio::time::timeout(patience, async {
            match account.lock_sync().await? {
                Some(_lock) => account.unless_left(work(account.clone())).await.map(|()| SyncState::Idle),
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
