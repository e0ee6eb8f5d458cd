//! The threads that own the connections: one writes, a few read, and answers come back without a runtime.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{broadcast, oneshot};

use crate::{Changes, Error, Result, error, marker::Marker, open::Opened};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Changes that a slow listener may fall behind by before it has to reread everything.
const CHANGES_KEPT: usize = 1_024;

/// Tells the time. Everything that a library dates is dated by one of these.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The connections of one open database. Dropping it finishes what was accepted and closes the file.
pub(crate) struct Workers {
    path: PathBuf,
    /// What a write is refused with, where none is possible.
    refusal: Option<Error>,
    writer: Option<Arc<mpsc::Sender<Job>>>,
    readers: Option<mpsc::Sender<Job>>,
    writing: Option<JoinHandle<()>>,
    reading: Vec<JoinHandle<()>>,
    changes: broadcast::Sender<Changes>,
    clock: Clock,
    /// Goes last, when the file is closed.
    marker: Option<Marker>,
}

/// A write under way: everything done through it becomes true at once, or not at all.
pub(crate) struct Write<'c> {
    pub tx: Transaction<'c>,
    /// What listeners hear of when it is true.
    pub changes: Changes,
    /// The one moment at which all of it happens.
    pub now: Timestamp,
}

impl Workers {
    pub fn start(path: &Path, opened: Opened, clock: Clock) -> Result<Self> {
        let Opened { writer, readers, refusal, marker, .. } = opened;
        let (write_to, jobs) = mpsc::channel::<Job>();
        let writing = spawn("library-writer", move || {
            let mut connection = writer;
            for job in jobs {
                job(&mut connection);
            }
        })?;
        let (read_to, jobs) = mpsc::channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        let mut reading = Vec::with_capacity(readers.len());
        for mut connection in readers {
            let jobs = Arc::clone(&jobs);
            reading.push(spawn("library-reader", move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match job {
                        Ok(job) => job(&mut connection),
                        Err(mpsc::RecvError) => return,
                    }
                }
            })?);
        }
        Ok(Self {
            path: path.to_owned(),
            refusal,
            writer: Some(Arc::new(write_to)),
            readers: Some(read_to),
            writing: Some(writing),
            reading,
            changes: broadcast::channel(CHANGES_KEPT).0,
            clock,
            marker,
        })
    }

    pub fn changes(&self) -> broadcast::Receiver<Changes> {
        self.changes.subscribe()
    }

    /// Runs one transaction on the writer. It is carried out even if the caller no longer waits.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let (changes, clock) = (self.changes.clone(), Arc::clone(&self.clock));
        let job: Job = Box::new(move |connection| {
            // A caller who went away has nothing to hear.
            let _ = reply.send(in_transaction(connection, &changes, clock(), work));
        });
        self.ask(self.writer.as_deref(), job, answer).await
    }

    /// Does a long work in pieces, between what others ask of the writer, for as long as the database is open; a piece
    /// says whether there are more.
    pub fn by_and_by(&self, piece: fn(&mut Write<'_>) -> Result<bool>) {
        if let Some(writer) = &self.writer {
            send_piece(writer, self.changes.clone(), piece);
        }
    }

    /// Runs one read on a consistent snapshot, unless the caller has gone before its turn comes.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if reply.is_closed() {
                return;
            }
            let result = connection.transaction().map_err(Error::from).and_then(|tx| work(&tx));
            let _ = reply.send(result);
        });
        self.ask(self.readers.as_ref(), job, answer).await
    }

    async fn ask<T>(
        &self,
        workers: Option<&mpsc::Sender<Job>>,
        job: Job,
        answer: oneshot::Receiver<Result<T>>,
    ) -> Result<T> {
        workers.ok_or(Error::Closed)?.send(job).map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?.map_err(|error| match (error, &self.refusal) {
            (error @ Error::Damaged { .. }, _) => {
                // The next start looks at the whole file, when nobody has it open.
                if let Some(marker) = &self.marker {
                    marker.stay();
                }
                error.at(&self.path)
            }
            // SQLite sees a connection for reading; why it is one we know better.
            (Error::ReadOnly, Some(refusal)) => refusal.clone(),
            (error, _) => error.at(&self.path),
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // The writer goes last and alone, so that it is the one to move the journal into the file. A thread
        // that panicked has nothing left to close.
        self.readers = None;
        for thread in self.reading.drain(..) {
            let _ = thread.join();
        }
        self.writer = None;
        if let Some(thread) = self.writing.take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("path", &self.path).finish_non_exhaustive()
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Ok(thread::Builder::new().name(name.to_owned()).spawn(run)?)
}

fn send_piece(
    writer: &Arc<mpsc::Sender<Job>>,
    changes: broadcast::Sender<Changes>,
    piece: fn(&mut Write<'_>) -> Result<bool>,
) {
    // Whoever closes the database does not wait for all pieces.
    let next = Arc::downgrade(writer);
    let job: Job =
        Box::new(move |connection| match in_transaction(connection, &changes, Timestamp::now(), piece) {
            Ok(true) => {
                if let Some(writer) = next.upgrade() {
                    send_piece(&writer, changes, piece);
                }
            }
            Ok(false) => {}
            // The next start goes on with it.
            Err(e) => tracing::warn!(code = e.code(), "a long work on the library was broken off"),
        });
    // A writer that has ended takes no more work.
    let _ = writer.send(job);
}

fn in_transaction<T>(
    connection: &mut Connection,
    listeners: &broadcast::Sender<Changes>,
    now: Timestamp,
    work: impl FnOnce(&mut Write<'_>) -> Result<T>,
) -> error::Result<T> {
    // Immediate: a write that begins as a read could not be upgraded once another process has written.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut write = Write { tx, changes: Changes::default(), now };
    let value = work(&mut write)?;
    let Write { tx, mut changes, .. } = write;
    tx.commit()?;
    if !changes.is_empty() {
        changes.tidy();
        // Nobody listening is no error.
        let _ = listeners.send(changes);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use melody_model::{RemoteSong, ServerId, SongContent, SongDetails};

    use crate::{Error, Library};

    fn songs(from: usize, count: usize) -> Vec<RemoteSong> {
        (from..from + count)
            .map(|n| RemoteSong {
                server_id: ServerId(format!("s{n}")),
                content: SongContent {
                    title: format!("Song {n} {}", "la ".repeat(50)),
                    ..SongContent::default()
                },
                details: SongDetails::default(),
                extra: serde_json::Map::new(),
            })
            .collect()
    }

    #[tokio::test]
    async fn a_commit_reaches_the_disk_before_it_is_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let pragma = |name: &'static str| {
            library
                .workers
                .write(move |w| Ok(w.tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0))?))
        };
        assert_eq!(pragma("synchronous").await.unwrap(), 2, "FULL");
        assert_eq!(pragma("fullfsync").await.unwrap(), 1);
        assert_eq!(pragma("foreign_keys").await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_full_disk_is_said_and_leaves_nothing_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let generation = library.generation("green").await.unwrap();
        let id = library.store_songs(generation, songs(0, 20)).await.unwrap()[0].id;
        let count = |c: &rusqlite::Connection| -> crate::Result<(i64, i64)> {
            let songs = c.query_row("SELECT count(*) FROM song", [], |row| row.get(0))?;
            let indexed = c.query_row("SELECT count(*) FROM search", [], |row| row.get(0))?;
            Ok((songs, indexed))
        };
        let before = library.workers.read(count).await.unwrap();

        let limit = |pages: i64| {
            library.workers.write(move |w| {
                let now: i64 = w.tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                w.tx.query_row(&format!("PRAGMA max_page_count = {}", now + pages), [], |_| Ok(()))?;
                Ok(())
            })
        };
        limit(3).await.unwrap();
        let error = library.store_songs(generation, songs(20, 500)).await.unwrap_err();
        assert_eq!((error.code(), error), ("STORAGE_FULL", Error::Full));
        assert_eq!(library.workers.read(count).await.unwrap(), before);
        assert!(library.song(id).await.unwrap().is_some(), "what was there can be read");

        limit(1_000_000).await.unwrap();
        assert_eq!(library.store_songs(generation, songs(20, 500)).await.unwrap().len(), 500);
        assert_eq!(library.workers.read(count).await.unwrap(), (520, 520));
    }

    #[tokio::test]
    async fn a_failed_write_undoes_what_it_had_done_and_tells_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let mut heard = library.changes();
        let failed = library
            .workers
            .write(|w| {
                w.tx.execute("INSERT INTO setting (key, value) VALUES ('half', '1')", [])?;
                w.changes.outbox = true;
                Err::<(), _>(Error::Closed)
            })
            .await;
        assert_eq!(failed, Err(Error::Closed));
        assert_eq!(library.setting("half").await.unwrap(), None);
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_write_that_nobody_waits_for_is_carried_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("library.db");
        let library = Library::open(&file).unwrap();
        {
            let value = serde_json::json!(1);
            let mut write = Box::pin(library.set_setting("k", &value));
            // One poll hands the work over; then the caller goes away.
            let _ = std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx))).await;
        }
        drop(library);
        let library = Library::open(&file).unwrap();
        assert_eq!(library.setting("k").await.unwrap(), Some(serde_json::json!(1)));
    }
}
