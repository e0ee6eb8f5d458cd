//! Telling the service what changed here, and hearing what is there.
//!
//! What is done next, the engine decides (`melody_sync`): a state machine without I/O. This is the shell around it.

mod changes;
mod reason;
mod requests;
mod run;
mod verify;

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use melody_library::{EntryQuery, Outcome};
use serde::{Deserialize, Serialize};

use melody_model::SongId;
use melody_sync::{Goal, State};

use self::changes::FILLED;
use crate::{
    Code, Error, Event, SongUnknownThere, Switch, Switches, SyncProgress, SyncState, SyncStatus,
    Verification,
    context::{Account, Context},
};

/// How long a change is tried for before it is left to a later sync (the command line's figure).
pub(crate) const TRY_FOR: Duration = Duration::from_secs(5);
/// How often a change is tried while somebody waits for it, and the first pause between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the journal of what the service has heard is kept, for a rollback (the contract's figure).
const JOURNAL_KEPT: Duration = Duration::from_hours(30 * 24);
/// How the last sync ended, among the library's settings: another process may ask.
const ENDED: &str = "sync_ended";

/// The sync service of the account that is on.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    context: Arc<Context>,
}

/// How sync stands, or how it ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ended {
    state: SyncState,
    /// Before this there is no point in trying again.
    until: Option<Timestamp>,
    /// Why it failed.
    #[serde(default)]
    reason: Option<String>,
    #[serde(skip)]
    progress: Option<SyncProgress>,
}

/// Whether a run waits for a limit.
#[derive(Clone, Debug, Default)]
struct Waits(Arc<AtomicBool>);

impl Waits {
    fn note(&self, state: State) {
        self.0.store(matches!(state, State::Waiting { .. }), Ordering::Relaxed);
    }
}

impl Ended {
    fn running() -> Self {
        Self { state: SyncState::Running, ..Self::default() }
    }
}

impl From<State> for Ended {
    fn from(state: State) -> Self {
        match state {
            State::Running { progress } => Self {
                progress: progress.map(|(done, total)| SyncProgress { done, total }),
                ..Self::running()
            },
            State::Waiting { until } => {
                Self { state: SyncState::Waiting, until: Some(until), ..Self::default() }
            }
        }
    }
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
            return self.status_as(&account, Ended::running()).await;
        };
        let running = self.status_as(&account, Ended::running()).await?;
        self.context.tell(Event::SyncChanged(running.clone()));
        let passed = account.unless_left(self.pass(&account, running)).await;
        let settled = self.settle(&account, &passed).await;
        // What stopped the sync is the error to tell, not that its end could not be kept.
        passed?;
        settled?;
        self.status().await
    }

    /// One whole sync. What waits goes out, the library is read, and what could only go out after that does. Answers
    /// when to run again, if something waits for that.
    async fn pass(&self, account: &Account, running: SyncStatus) -> Result<Option<Timestamp>, Error> {
        let tell = |state| {
            let Ended { state, until, progress, .. } = Ended::from(state);
            self.context.tell(Event::SyncChanged(SyncStatus { state, until, progress, ..running.clone() }));
        };
        let ran = run::run(account, Goal::Sync, tell).await?;
        if let Ok(month_ago) = Timestamp::now().checked_sub(JOURNAL_KEPT) {
            account.library.prune_journal(month_ago).await?;
        }
        account.library.finish_switches().await?;
        ran.trouble.map(|()| ran.again_at)
    }

    /// Tries for a while to send what waits, and says how that ended. Whatever is left waits for the next sync.
    pub(crate) async fn drain_for(&self, patience: Duration) -> SyncState {
        self.for_a_while(patience, |account, waits| async move {
            let mut tries = 1;
            loop {
                let ran = run::run(&account, Goal::Send, |state| waits.note(state)).await?;
                match ran.trouble {
                    // A hiccup is over in a moment; what lasts is left to a later sync.
                    Err(e) if tries < TRIES && e.code() == Code::Unreachable => {
                        tokio::time::sleep(PAUSE * tries).await;
                        tries += 1;
                    }
                    other => return other.map(|()| ran.again_at),
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

    /// What became of the library at each switch of backend.
    pub(crate) async fn switches(&self) -> Result<Switches, Error> {
        let switches = self.context.signed_in()?.library.switches().await?.into_iter();
        let unmatched = |songs: Vec<melody_library::UnmatchedSong>| {
            let songs = songs.into_iter();
            songs
                .map(|song| SongUnknownThere {
                    song_id: song.song_id,
                    title: song.title,
                    artist: song.artist,
                })
                .collect()
        };
        let switches = switches.map(|switch| Switch {
            at: switch.at,
            from: switch.from,
            to: switch.to,
            songs_before: switch.songs_before,
            matched: switch.matched,
            refilled: switch.refilled,
            replayed: switch.replayed,
            unmatched: unmatched(switch.unmatched),
            finished_at: switch.finished_at,
        });
        Ok(Switches { switches: switches.collect() })
    }

    /// Reads the library through if that was never done, for as long as the patience lasts. What came stays.
    pub(crate) async fn fill_if_never(&self, patience: Duration) {
        let Ok(account) = self.context.signed_in() else { return };
        // Where nothing is to be done nothing is asked: how the last sync ended still holds.
        if matches!(account.library.setting(FILLED).await, Ok(Some(_))) {
            return;
        }
        self.for_a_while(patience, |account, waits| async move {
            let ran = run::run(&account, Goal::Fill, |state| waits.note(state)).await?;
            ran.trouble.map(|()| ran.again_at)
        })
        .await;
    }

    async fn for_a_while<F>(
        &self,
        patience: Duration,
        work: impl FnOnce(Arc<Account>, Waits) -> F,
    ) -> SyncState
    where
        F: Future<Output = Result<Option<Timestamp>, Error>>,
    {
        let Ok(account) = self.context.signed_in() else { return SyncState::SignInNeeded };
        let waits = Waits::default();
        let passed = tokio::time::timeout(patience, async {
            match account.lock_sync().await? {
                Some(_lock) => account.unless_left(work(account.clone(), waits.clone())).await.map(Some),
                // Another process is at it and will send these too.
                None => Ok(None),
            }
        })
        .await;
        match passed {
            Ok(Ok(None)) => SyncState::Running,
            Ok(passed) => {
                let passed = passed.map(Option::flatten);
                if let Err(e) = self.settle(&account, &passed).await {
                    tracing::warn!(code = %e.code(), "the end of a sync could not be kept");
                }
                ended(&passed).state
            }
            // Cut off in the middle, an operation stays marked as being sent: next time it counts as uncertain.
            Err(_) if waits.0.load(Ordering::Relaxed) => SyncState::Waiting,
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
        let parked = outbox.parked.into_iter().map(reason::parked).collect();
        Ok(SyncStatus {
            state: ended.state,
            entries,
            pending: outbox.pending,
            parked,
            uncertain: outbox.uncertain,
            until: ended.until,
            progress: ended.progress,
            reason: ended.reason,
        })
    }

    /// Keeps how a pass ended, and tells of it.
    async fn settle(
        &self,
        account: &Account,
        passed: &Result<Option<Timestamp>, Error>,
    ) -> Result<(), Error> {
        let mut ended = ended(passed);
        if ended.state == SyncState::Waiting && ended.until.is_none() {
            // The service did not say; the pace that is kept does.
            let limits = account.limits.lock().unwrap_or_else(PoisonError::into_inner);
            ended.until = limits.rests_until(Timestamp::now());
        }
        if ended != kept_end(account).await? {
            account
                .library
                .set_setting(ENDED, &serde_json::to_value(&ended).map_err(Error::internal)?)
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

fn ended(passed: &Result<Option<Timestamp>, Error>) -> Ended {
    let error = match passed {
        // What still waits may be settled then.
        Ok(again_at) => return Ended { until: *again_at, ..Ended::default() },
        Err(error) => error,
    };
    let state = match error.code() {
        Code::AuthRequired | Code::InvalidToken => SyncState::SignInNeeded,
        Code::RateLimitExceeded | Code::Maintenance => SyncState::Waiting,
        Code::Unreachable | Code::NotTheService | Code::Offline => SyncState::Offline,
        _ => SyncState::Failed,
    };
    let reason = (state == SyncState::Failed).then(|| error.to_string());
    Ended { state, until: error.retry_at(), reason, progress: None }
}

/// Learns what the service says of one saved song, and reads its library no further than that. Where another process
/// has the right to run sync, what is known must do: a page that was fetched before a removal of that process was heard
/// would bring the entry back.
pub(crate) async fn learn(account: &Account, song: SongId) -> Result<(), Error> {
    let Some(_lock) = account.lock_sync().await? else { return Ok(()) };
    let generation = account.generation().await?;
    if let Some(wanted) = account.library.server_id(song, generation).await? {
        run::run(account, Goal::Learn(wanted), |_| {}).await?.trouble?;
    }
    Ok(())
}
