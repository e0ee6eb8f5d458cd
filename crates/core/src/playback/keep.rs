//! What comes back after a restart, or when the account comes back: queue, place, rendition, volume.
//!
//! Written by a task of its own, so that no disk keeps the music waiting: at once after a change, then once a second at
//! most, and while a song plays every five seconds. So much is lost when the program is killed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use melody_library::{Listen, QueuePlace};
use melody_model::SongId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{Answer, Asked, task::State};
use crate::context::{Account, Context};

/// How often the place is kept while a song plays.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// Between two writes: a row that is dragged through the list is one change, not fifty.
const PAUSE: Duration = Duration::from_secs(1);
/// Nobody is at a listen whose checkpoint is so old, unless it is paused; and then it is ended once more, which counts
/// nothing twice.
const LEFT_AFTER: Duration = Duration::from_secs(3 * EVERY.as_secs());

/// The way to the task that writes.
pub(super) struct Keeper {
    jobs: mpsc::UnboundedSender<Job>,
    keeps_queue: bool,
    /// The order as it was last handed over; `None` once it has changed.
    order: Option<Arc<[SongId]>>,
    last: Instant,
}

enum Job {
    Queue(Kept),
    Listen(Arc<Account>, Listen),
    Volume(f32),
    Settle(Answer<()>),
}

/// An account's queue.
struct Kept {
    account: Arc<Account>,
    songs: Arc<[SongId]>,
    place: QueuePlace,
}

impl Keeper {
    /// Keeps the volume, and the queue if that is wished.
    pub(super) fn start(context: Arc<Context>, keeps_queue: bool) -> Self {
        let (jobs, inbox) = mpsc::unbounded_channel();
        tokio::spawn(write_as_it_comes(context, inbox));
        Self { jobs, keeps_queue, order: None, last: Instant::now() }
    }

    /// The order has changed and must be written anew.
    pub(super) fn forget_order(&mut self) {
        self.order = None;
    }

    /// Since the queue was last handed over.
    pub(super) fn waited(&self) -> Duration {
        self.last.elapsed()
    }

    pub(super) fn keep_volume(&self, volume: f32) {
        self.send(Job::Volume(volume));
    }

    /// Waits until everything is on the disk.
    pub(super) async fn settle(&self) {
        let (done, settled) = oneshot::channel();
        self.send(Job::Settle(done));
        let _ = settled.await;
    }

    fn send(&self, job: Job) {
        // The task lives as long as this end.
        let _ = self.jobs.send(job);
    }
}

impl State {
    /// Hands over how things stand, to be kept.
    pub(super) fn keep(&mut self) {
        self.keeper.last = Instant::now();
        if let Some(current) = &self.current
            && let Some(listen) = current.listen(None)
        {
            self.keeper.send(Job::Listen(current.account.clone(), listen));
        }
        if !self.keeper.keeps_queue {
            return;
        }
        let known = |asked: &Asked| match asked {
            Asked::Song(id) => Some(*id),
            Asked::Unknown(_) => None,
        };
        let items = self.queue.items();
        let songs = self
            .keeper
            .order
            .get_or_insert_with(|| items.iter().filter_map(|item| known(&item.song)).collect())
            .clone();
        let index = items.iter().take(self.queue.index()).filter(|item| known(&item.song).is_some()).count();
        let place = QueuePlace { index, at_s: self.position().as_secs_f64(), rendition: self.rendition };
        self.keeper.send(Job::Queue(Kept { account: self.account.clone(), songs, place }));
    }

    /// Takes up the account's queue where it was left: paused, and nothing of it fetched or opened.
    pub(super) async fn restore(&mut self) {
        if !self.keeper.keeps_queue {
            return;
        }
        let kept = match self.account.library.kept_queue().await {
            Ok(Some(kept)) => kept,
            Ok(None) => return,
            Err(e) => {
                tracing::warn!(code = e.code(), "the queue could not be taken up");
                return;
            }
        };
        self.queue.replace(kept.songs.into_iter().map(Asked::Song), kept.place.index);
        self.at_rest = Some(Duration::try_from_secs_f64(kept.place.at_s).unwrap_or_default());
        self.rendition = kept.place.rendition;
        self.lenient = true;
    }

    /// Another account's queue takes the place of this one.
    pub(super) async fn follow_account(&mut self) {
        let account = self.context.account();
        let same_service = account.folder.parent() == self.account.folder.parent();
        let (was_guest, is_guest) = (self.account.record.is_none(), account.record.is_none());
        if account.folder == self.account.folder {
            self.account = account;
            return;
        }
        if same_service && was_guest && self.current.is_some() {
            // Who signs in while a song is on goes on listening.
            self.account = account;
            return self.keep();
        }
        if same_service && is_guest {
            // Who signs out leaves nothing behind.
            self.clear();
        } else {
            self.keep();
            self.leave_current();
            self.queue.clear();
            self.rest();
        }
        self.keeper.settle().await;
        self.account = account;
        self.at_rest = None;
        end_left_listens(&self.account).await;
        self.restore().await;
        self.keeper.forget_order();
        self.queue_changed();
    }
}

/// Ends the listens that a killed process left in an account's library.
pub(crate) async fn end_left_listens(account: &Account) {
    let before = Timestamp::now() - LEFT_AFTER;
    if let Err(e) = account.library.end_left_listens(before).await {
        tracing::warn!(code = e.code(), "the listens of an earlier run could not be kept");
    }
}

async fn write_as_it_comes(context: Arc<Context>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut desk = Desk { context, queue: None, listen: None, volume: None, written: None };
    let mut not_before = Instant::now();
    loop {
        let job = tokio::select! {
            biased;
            job = jobs.recv() => job,
            () = sleep_until(not_before), if desk.has_work() => {
                desk.write().await;
                not_before = Instant::now() + PAUSE;
                continue;
            }
        };
        match job {
            Some(Job::Queue(queue)) => desk.queue = Some(queue),
            Some(Job::Listen(account, listen)) => desk.listen = Some((account, listen)),
            Some(Job::Volume(volume)) => desk.volume = Some(volume),
            Some(Job::Settle(done)) => {
                desk.write().await;
                let _ = done.send(());
            }
            None => return desk.write().await,
        }
    }
}

/// What waits to be written.
struct Desk {
    context: Arc<Context>,
    queue: Option<Kept>,
    listen: Option<(Arc<Account>, Listen)>,
    volume: Option<f32>,
    /// The order that was written last, and in which account's folder.
    written: Option<(PathBuf, Arc<[SongId]>)>,
}

impl Desk {
    fn has_work(&self) -> bool {
        self.queue.is_some() || self.listen.is_some() || self.volume.is_some()
    }

    /// On a full or read-only disk there is nothing to keep it in, and the music is no worse for it.
    async fn write(&mut self) {
        if let Some(volume) = self.volume.take() {
            let kept = self.context.update_settings(move |settings| settings.volume = Some(volume)).await;
            if let Err(e) = kept {
                tracing::warn!(code = %e.code(), "the volume could not be kept");
            }
        }
        if let Some((account, listen)) = self.listen.take()
            && let Err(e) = account.library.checkpoint_listen(listen).await
        {
            tracing::warn!(code = e.code(), "a listen could not be kept");
        }
        let Some(queue) = self.queue.take() else { return };
        let Kept { account, songs, place } = queue;
        let before = self.written.take().filter(|(folder, _)| *folder == account.folder);
        let kept = match before {
            Some((_, order)) if Arc::ptr_eq(&order, &songs) => account.library.keep_queue_place(place).await,
            _ => account.library.keep_queue(songs.to_vec(), place).await,
        };
        match kept {
            Ok(()) => self.written = Some((account.folder.clone(), songs)),
            Err(e) => tracing::warn!(code = e.code(), "the queue could not be kept"),
        }
    }
}
