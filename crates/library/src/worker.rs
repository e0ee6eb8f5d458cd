//! The threads that own the connections: one writes, a few read, and answers come back without a runtime.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{broadcast, oneshot};

use crate::{Changes, Error, Result, error};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Changes that a slow listener may fall behind by before it has to reread everything.
const CHANGES_KEPT: usize = 1_024;

/// The connections of one open database. Dropping it finishes what was accepted and closes the file.
pub(crate) struct Workers {
    path: PathBuf,
    writer: Option<mpsc::Sender<Job>>,
    readers: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    changes: broadcast::Sender<Changes>,
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
    pub fn start(path: &Path, writer: Connection, readers: Vec<Connection>) -> Result<Self> {
        let mut threads = Vec::with_capacity(readers.len() + 1);
        let (write_to, jobs) = mpsc::channel::<Job>();
        threads.push(spawn("library-writer", move || {
            let mut connection = writer;
            for job in jobs {
                job(&mut connection);
            }
        })?);
        let (read_to, jobs) = mpsc::channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        for mut connection in readers {
            let jobs = Arc::clone(&jobs);
            threads.push(spawn("library-reader", move || {
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
            writer: Some(write_to),
            readers: Some(read_to),
            threads,
            changes: broadcast::channel(CHANGES_KEPT).0,
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
        let changes = self.changes.clone();
        let job: Job = Box::new(move |connection| {
            // A caller who went away has nothing to hear.
            let _ = reply.send(in_transaction(connection, &changes, work));
        });
        self.ask(self.writer.as_ref(), job, answer).await
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
        answer.await.map_err(|_| Error::Closed)?.map_err(|error| error.at(&self.path))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.writer = None;
        self.readers = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to close.
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

fn in_transaction<T>(
    connection: &mut Connection,
    listeners: &broadcast::Sender<Changes>,
    work: impl FnOnce(&mut Write<'_>) -> Result<T>,
) -> error::Result<T> {
    // Immediate: a write that begins as a read could not be upgraded once another process has written.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut write = Write { tx, changes: Changes::default(), now: Timestamp::now() };
    let value = work(&mut write)?;
    let Write { tx, changes, .. } = write;
    tx.commit()?;
    if !changes.is_empty() {
        // Nobody listening is no error.
        let _ = listeners.send(changes);
    }
    Ok(value)
}
