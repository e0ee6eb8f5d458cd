//! Any sequence of what a listener, the sync and a crash can do leaves the library where a small model of it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::collections::BTreeMap;

use common::{Bench, entry, song};
use melody_library::{Acknowledgement, OperationKind, Outcome};
use melody_model::{OperationId, ServerId, SongId};
use proptest::prelude::*;

const SONGS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Add(usize),
    Remove(usize),
    Play(usize),
    /// Takes the first offered operation of a song out, and what becomes of it.
    Send(usize, Fate),
    /// Puts a parked operation of a song back.
    Retry(usize),
    /// A page of what the service has.
    Page,
    /// Closes the library and opens it again, with whatever was on its way.
    Reopen,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Heard,
    /// The service took it, and its answer names no entry.
    HeardWithoutIds,
    /// The service took it, and the answer was lost; reading back finds out.
    HeardAndLost,
    NotReached,
    Refused,
    /// The program ends before an answer.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fate = prop_oneof![
        4 => Just(Fate::Heard),
        1 => Just(Fate::HeardWithoutIds),
        1 => Just(Fate::HeardAndLost),
        1 => Just(Fate::NotReached),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Crash),
    ];
    let step = prop_oneof![
        3 => (0..SONGS).prop_map(Step::Add),
        2 => (0..SONGS).prop_map(Step::Remove),
        2 => (0..SONGS).prop_map(Step::Play),
        4 => (0..SONGS, fate).prop_map(|(song, fate)| Step::Send(song, fate)),
        1 => (0..SONGS).prop_map(Step::Retry),
        1 => Just(Step::Page),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// What the listener meant, and what a simple service has been told.
#[derive(Default)]
struct Model {
    /// Saved songs and how often each was played while it was saved.
    saved: BTreeMap<usize, u64>,
    /// Entries of the service by song: their ids and counts of plays.
    served: BTreeMap<usize, (String, u64)>,
    ids: u64,
}

impl Model {
    /// Tells the service an operation; answers the entry's id, if it has one then.
    fn tell(&mut self, song: usize, kind: OperationKind, target: Option<&str>) -> Option<String> {
        match kind {
            OperationKind::Add => {
                self.ids += 1;
                let fresh = (format!("l{}", self.ids), 0);
                Some(self.served.entry(song).or_insert(fresh).0.clone())
            }
            OperationKind::Remove => {
                self.served.retain(|s, (id, _)| *s != song || Some(id.as_str()) != target);
                None
            }
            OperationKind::Play => {
                let (id, plays) = self.served.get_mut(&song).expect("a play of an entry that is there");
                assert_eq!(Some(id.as_str()), target, "a play goes to the entry that the service has");
                *plays += 1;
                Some(id.clone())
            }
        }
    }
}

struct Run {
    bench: Bench,
    songs: Vec<SongId>,
    model: Model,
    /// What is parked, by operation, and its kind.
    parked: BTreeMap<OperationId, usize>,
}

impl Run {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let mut songs = Vec::new();
        for n in 0..SONGS {
            songs.push(bench.store(song(&format!("s{n}"), &format!("Song {n}"), "")).await);
        }
        Self { bench, songs, model: Model::default(), parked: BTreeMap::new() }
    }

    async fn take(mut self, step: &Step) -> Self {
        let library = self.bench.library.clone();
        match *step {
            Step::Add(n) => {
                let entry = library.add(self.songs[n]).await.unwrap();
                let plays = *self.model.saved.entry(n).or_insert(entry.play_count);
                assert_eq!(entry.play_count, plays);
            }
            Step::Remove(n) => {
                let removed = library.remove(self.songs[n]).await.unwrap();
                assert_eq!(removed.is_some(), self.model.saved.remove(&n).is_some());
            }
            Step::Play(n) => {
                let played = library.record_play(self.songs[n], 60, true).await.unwrap();
                let expected = self.model.saved.get_mut(&n).map(|plays| {
                    *plays += 1;
                    *plays
                });
                assert_eq!(played.map(|entry| entry.play_count), expected);
            }
            Step::Send(n, fate) => {
                drop(library);
                return self.send(n, fate).await;
            }
            Step::Retry(n) => {
                if let Some((&op, _)) = self.parked.iter().find(|(_, song)| **song == n) {
                    // Folding may have taken it meanwhile; then there is nothing to put back.
                    library.release(op, Outcome::NotReached).await.unwrap();
                    self.parked.remove(&op);
                }
            }
            Step::Page => self.page().await,
            Step::Reopen => {
                drop(library);
                self.bench = self.bench.reopen();
            }
        }
        self
    }

    async fn send(mut self, n: usize, fate: Fate) -> Self {
        let library = self.bench.library.clone();
        let offered = library.pending_operations(10).await.unwrap();
        let mut firsts: Vec<_> = offered.iter().map(|operation| operation.song).collect();
        firsts.sort();
        firsts.dedup();
        assert_eq!(firsts.len(), offered.len(), "one of each song: {offered:?}");
        let Some(operation) = offered.into_iter().find(|o| o.song == self.songs[n]) else { return self };
        let (op, kind) = (operation.id, operation.action.kind());
        let target = operation.entry_server_id.as_ref().map(ServerId::as_str);
        let heard = |id: Option<String>| Acknowledgement {
            generation: self.bench.generation,
            entry_server_id: id.map(ServerId),
            play_count: None,
            last_played_at: None,
        };
        assert!(library.mark_sending(op).await.unwrap());
        if kind != OperationKind::Add && target.is_none() {
            assert!(self.model.served.contains_key(&n), "it waits for an id that a page will tell");
            library.release(op, Outcome::NotReached).await.unwrap();
            return self;
        }
        match fate {
            Fate::Heard | Fate::HeardWithoutIds | Fate::HeardAndLost => {
                let id = self.model.tell(n, kind, target).filter(|_| fate != Fate::HeardWithoutIds);
                if fate == Fate::HeardAndLost {
                    library.release(op, Outcome::Unknown).await.unwrap();
                    let again = library.pending_operations(10).await.unwrap();
                    assert!(again.iter().any(|o| o.id == op && o.uncertain), "offered again, as uncertain");
                }
                assert!(library.acknowledge(op, heard(id)).await.unwrap());
            }
            Fate::NotReached => {
                let outcome = if operation.uncertain { Outcome::Refuted } else { Outcome::NotReached };
                assert!(library.release(op, outcome).await.unwrap());
            }
            Fate::Refused => {
                assert!(library.park(op, "no").await.unwrap());
                self.parked.insert(op, n);
            }
            Fate::Crash => {
                drop(library);
                self.bench = self.bench.reopen();
                let again = self.bench.library.pending_operations(10).await.unwrap();
                let left = again.iter().find(|o| o.id == op).expect("offered after a crash");
                assert!(left.uncertain);
                self.bench.library.release(op, Outcome::Refuted).await.unwrap();
            }
        }
        self
    }

    async fn page(&mut self) {
        let page: Vec<_> = (self.model.served.iter())
            .map(|(n, (id, plays))| {
                let mut entry = entry(id, song(&format!("s{n}"), &format!("Song {n}"), ""));
                entry.play_count = *plays;
                entry
            })
            .collect();
        let held = self.held().await;
        let free = self.model.served.keys().filter(|n| !held.contains(n)).count();
        let size = page.len();
        let stored = self.bench.library.store_entries(self.bench.generation, page).await.unwrap();
        assert_eq!(stored.skipped_pending, size - free);
        assert_eq!(stored.new, 0, "what is served and not pending is saved here");
    }

    /// Songs with something still to be sent.
    async fn held(&self) -> Vec<usize> {
        let mut held = Vec::new();
        for (n, id) in self.songs.iter().enumerate() {
            if self.bench.library.is_pending(*id).await.unwrap() {
                held.push(n);
            }
        }
        held
    }

    async fn agrees(&self) {
        let library = &self.bench.library;
        let held = self.held().await;
        for (n, id) in self.songs.iter().enumerate() {
            let entry = library.entry_of(*id).await.unwrap();
            assert_eq!(
                entry.as_ref().map(|entry| entry.play_count),
                self.model.saved.get(&n).copied(),
                "song {n}"
            );
            assert_eq!(library.song(*id).await.unwrap().unwrap().in_library, entry.is_some());
            if !held.contains(&n) {
                assert_eq!(
                    self.model.served.contains_key(&n),
                    entry.is_some(),
                    "song {n}: nothing is pending, so the service has what the listener meant"
                );
            }
        }
        let total =
            library.entries(melody_library::EntryQuery { limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!(
            (total.total as usize, total.entries.len()),
            (self.model.saved.len(), self.model.saved.len())
        );
    }

    /// Sends all that is left, parked ones too: then the service has exactly what the listener meant.
    async fn drain(mut self) -> Self {
        for _ in 0..200 {
            self.page().await;
            for n in 0..SONGS {
                self = self.take(&Step::Retry(n)).await;
                self = self.send(n, Fate::Heard).await;
            }
            let status = self.bench.library.outbox_status().await.unwrap();
            if status.pending == 0 && status.parked.is_empty() {
                return self;
            }
        }
        panic!("the outbox does not empty");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_library_does_as_the_model(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new().await;
            for step in &steps {
                run = run.take(step).await;
                run.agrees().await;
            }
            let run = run.drain().await;
            run.agrees().await;
            let check: String = common::inspect(&run.bench.file())
                .query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok");
        });
    }
}
