//! Files of the profile written so that a crash leaves the old or the new, never half of either;
//! and locks between processes.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use crate::Error;

/// How often a lock that somebody else holds is tried again. The kernel has no timed wait for file locks.
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// Replaces a file in one step: written beside it, flushed to the disk, renamed over it.
/// On Unix only the owner can read it.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        // Made with mode 0600, so a secret is never readable by others, not even for a moment.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        sync_folder(folder)
    };
    write().map_err(|e| Error::storage(path, e))
}

/// Makes a rename in the folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|e| Error::storage(path, e))
}

/// An exclusive lock on a file, held until it is dropped; the kernel lets go of it when a process dies.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting for another process up to `wait`; `None` when it is still held then.
    pub(crate) async fn acquire(path: &Path, wait: Duration) -> Result<Option<Self>, Error> {
        let file = open_lock(path)?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    tokio::time::sleep(LOCK_RETRY).await;
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(Error::storage(path, e)),
            }
        }
    }

    /// The same for callers outside the runtime.
    pub(crate) fn acquire_blocking(path: &Path, wait: Duration) -> Result<Option<Self>, Error> {
        let file = open_lock(path)?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_RETRY),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(Error::storage(path, e)),
            }
        }
    }
}

fn open_lock(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| Error::storage(path, e))
}
