//! A device: a real database, the engine, and a shell that does one thing after the other by a clock of its own.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use melody_library::Library;
use melody_sync::{Call, Dialect, Engine, Goal, Limits, Memory, RequestId, Step, Stopped, Told};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    changes,
    service::{Fault, Service},
};

/// What many stories share: a runtime, a folder in memory where there is one, an empty database to copy.
pub struct Stage {
    pub runtime: Runtime,
    folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("x-sync-model")
            .tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir());
        let stage = Self {
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            folder: folder.unwrap(),
        };
        drop(Library::open(&stage.folder.path().join("empty.db")).unwrap());
        stage
    }

    fn database(&self, number: usize) -> PathBuf {
        let path = self.folder.path().join(format!("device{number}.db"));
        for leftover in ["-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(leftover);
            let _ = std::fs::remove_file(name);
        }
        std::fs::copy(self.folder.path().join("empty.db"), &path).unwrap();
        path
    }
}

/// Microseconds since 1970.
#[derive(Clone, Debug)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_790_000_000_000_000)))
    }

    /// Every look at it takes a moment.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    pub fn pass(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

/// The faults of a story, one for each request.
pub struct Faults {
    pub left: VecDeque<Fault>,
}

impl Faults {
    fn next(&mut self) -> Fault {
        self.left.pop_front().unwrap_or(Fault::None)
    }
}

pub struct Device {
    pub path: PathBuf,
    pub library: Library,
    time: Time,
    limits: Limits,
    heard: Option<(Dialect, u32)>,
    pub signed_in: u32,
    /// The backend that the last complete pass was over.
    pub passed: Option<usize>,
}

impl Device {
    /// A device that reads pages of so many entries.
    pub fn new(stage: &Stage, number: usize, time: &Time, page: u32) -> Self {
        let path = stage.database(number);
        Self {
            library: open(&path, time),
            path,
            time: time.clone(),
            limits: Limits::new(number as u64).with_pages_of(page),
            heard: None,
            signed_in: 0,
            passed: None,
        }
    }

    /// The program ends, and is started again.
    pub fn crash(&mut self) {
        // The old one must be gone before the new one opens.
        let path = self.path.clone();
        let time = self.time.clone();
        replace_with(&mut self.library, || open(&path, &time));
        self.heard = None;
    }

    pub async fn sign_in(&mut self, service: &mut Service) {
        self.signed_in = service.sign_in;
        let backend = service.backend();
        self.library.note_user(backend.dialect, &backend.user()).await.unwrap();
        self.hear(Some(backend.dialect));
    }

    fn hear(&mut self, dialect: Option<Dialect>) {
        if let Some(dialect) = dialect {
            self.heard = match self.heard {
                Some((known, times)) if known == dialect => Some((known, times + 1)),
                _ => Some((dialect, 1)),
            };
        }
    }

    async fn memory(&self) -> Memory {
        let library = &self.library;
        let known = library.current_generation().await.unwrap();
        Memory {
            dialect: known.map(|known| if known.dialect == "blue" { "blue" } else { "green" }),
            heard: self.heard,
            pending: library.outbox_status().await.unwrap().pending,
            filled: library.setting(changes::FILLED).await.unwrap().is_some(),
            filling: changes::kept(library, changes::FILLING).await.unwrap(),
            full: changes::kept(library, changes::COMPLETE).await.unwrap(),
            absence: changes::kept(library, changes::MISSING).await.unwrap(),
        }
    }

    /// Runs the engine once; `None` when the program was ended in the middle.
    pub async fn run(&mut self, goal: Goal, service: &mut Service, faults: &mut Faults) -> Option<Stopped> {
        let mut engine = Engine::new(goal, self.memory().await, self.limits.clone());
        let mut under_way: VecDeque<(RequestId, Call)> = VecDeque::new();
        let mut compared = Vec::new();
        let mut changes = 0_u32;
        for _ in 0..20_000 {
            let now = self.time.now();
            service.arrive(now);
            match engine.next(now) {
                Step::Request(id, call) => under_way.push_back((id, call)),
                Step::Change(change) => {
                    let told = changes::carry_out(&self.library, engine.generation(), change, &mut compared)
                        .await
                        .unwrap();
                    if matches!(&told, Told::Concluded(concluded) if !concluded.withheld) {
                        self.passed = Some(service.active);
                    }
                    engine.told(told, self.time.now());
                    // Answers come while the database is at work, too.
                    changes += 1;
                    if changes.is_multiple_of(2)
                        && let Some((id, call)) = under_way.pop_front()
                        && !self.answer(&mut engine, id, &call, service, faults)
                    {
                        return None;
                    }
                }
                Step::Wait(until) => {
                    // The one that was asked last answers first: nobody promised an order.
                    let Some((id, call)) = under_way.pop_back() else {
                        let until = until.expect("sync waits for an answer to nothing");
                        self.time.pass(until.duration_since(now).max(SignedDuration::ZERO));
                        continue;
                    };
                    if !self.answer(&mut engine, id, &call, service, faults) {
                        return None;
                    }
                }
                Step::Over(stopped) => {
                    self.limits = engine.limits().clone();
                    return Some(stopped);
                }
            }
        }
        panic!("a run that does not end: {engine:#?}");
    }

    /// Has a request answered; `false` when the program was ended in the middle.
    fn answer(
        &mut self,
        engine: &mut Engine,
        id: RequestId,
        call: &Call,
        service: &mut Service,
        faults: &mut Faults,
    ) -> bool {
        let answered = service.ask(call, faults.next(), self.signed_in, self.time.now());
        if answered.crash {
            self.crash();
            return false;
        }
        self.time.pass(SignedDuration::from_secs(answered.seconds.into()));
        self.hear(answered.dialect);
        let dialect = self.heard.map(|(dialect, _)| dialect);
        engine.answered(id, answered.answer, dialect, None, self.time.now());
        true
    }
}

fn open(path: &std::path::Path, time: &Time) -> Library {
    let time = time.clone();
    Library::open_by(path, Arc::new(move || time.now())).unwrap()
}

/// Replaces a library by another one of the same file, which opens after the first is closed.
fn replace_with(library: &mut Library, open: impl FnOnce() -> Library) {
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Library::open(&elsewhere.path().join("other.db")).unwrap();
    drop(std::mem::replace(library, other));
    *library = open();
}
