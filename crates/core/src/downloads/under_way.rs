//! What this process is fetching right now: one at it for each rendition, whoever asks, and a way to stop it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use melody_model::{Rendition, SongId};
use tokio::sync::watch;

use crate::DownloadRow;

/// A rendition of an account, which its folder names.
pub(super) type Key = (PathBuf, SongId, Rendition);

/// Everything that is under way. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<Key, Entry>>>);

#[derive(Debug)]
struct Entry {
    stop: watch::Sender<bool>,
    ended: watch::Receiver<Option<DownloadRow>>,
}

/// The right to fetch one rendition, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    key: Key,
    all: UnderWay,
    stop: watch::Receiver<bool>,
    ended: watch::Sender<Option<DownloadRow>>,
}

/// Whether somebody is told to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl UnderWay {
    /// The right to fetch it; or, where somebody is at it already, the way to hear how that ends.
    pub(super) fn begin(&self, key: &Key) -> Result<Turn, Ending> {
        let mut all = self.all();
        if let Some(entry) = all.get(key) {
            return Err(Ending(entry.ended.clone()));
        }
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(None);
        all.insert(key.clone(), Entry { stop, ended });
        Ok(Turn { key: key.clone(), all: self.clone(), stop: stopped, ended: end })
    }

    /// Tells those to stop whose download is meant.
    pub(super) fn stop(&self, meant: impl Fn(&Key) -> bool) {
        for (_, entry) in self.all().iter().filter(|(key, _)| meant(key)) {
            entry.stop.send_replace(true);
        }
    }

    /// Whether somebody is at it.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.all().contains_key(key)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    pub(super) fn stop(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Tells those who wait how it ended.
    pub(super) fn end(self, row: DownloadRow) {
        self.ended.send_replace(Some(row));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.all.all().remove(&self.key);
    }
}

impl Stop {
    /// The work, or `None` when it is told to stop before.
    pub(super) async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut told = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = told.wait_for(|stop| *stop) => None,
            done = work => Some(done),
        }
    }
}

/// How a download that somebody else is at ends.
#[derive(Debug)]
pub(super) struct Ending(watch::Receiver<Option<DownloadRow>>);

impl Ending {
    /// `None` when whoever was at it went away before it ended.
    pub(super) async fn wait(mut self) -> Option<DownloadRow> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::DownloadState;

    fn row(key: &Key) -> DownloadRow {
        DownloadRow::new(key.1, key.2, DownloadState::Done)
    }

    #[tokio::test]
    async fn whoever_comes_second_hears_how_it_ends_or_takes_over() {
        let all = UnderWay::default();
        let key = (PathBuf::from("account"), SongId::new(), Rendition::Original);
        let turn = all.begin(&key).unwrap();
        let second = all.begin(&key).unwrap_err();
        turn.end(row(&key));
        assert_eq!(second.wait().await, Some(row(&key)));
        let turn = all.begin(&key).unwrap();
        let second = all.begin(&key).unwrap_err();
        drop(turn);
        assert_eq!(second.wait().await, None);
        assert!(!all.has(&key) && all.begin(&key).is_ok());
    }

    #[tokio::test]
    async fn who_is_told_to_stop_waits_for_nothing() {
        let all = UnderWay::default();
        let key = (PathBuf::from("account"), SongId::new(), Rendition::Original);
        let turn = all.begin(&key).unwrap();
        assert_eq!(turn.stop().unless(async { 7 }).await, Some(7));
        all.stop(|other| *other == key);
        assert_eq!(turn.stop().unless(std::future::pending::<()>()).await, None);
    }
}
