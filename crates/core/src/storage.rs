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

/// The same for a file that has a lock, which the caller holds. It is written beside it under a fixed name: what a
/// process leaves there that dies is gone with the next change, and no copy of a secret stays for ever.
pub(crate) fn replace_locked(path: &Path, bytes: &[u8], _lock: &FileLock) -> Result<(), Error> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    let remove = || match fs::remove_file(new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    };
    let write = || -> io::Result<()> {
        remove()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(new, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(|e| {
        // What failed is the error to tell; a leftover is the next change's to remove.
        let _ = remove();
        Error::storage(path, e)
    })
}

/// Makes a rename in the folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|e| Error::storage(path, e))
}

/// Makes a folder in one that must be there: an account that was forgotten does not come back by it.
pub(crate) fn create_folder_in(parent: &Path, name: &str) -> Result<(), Error> {
    let path = parent.join(name);
    match fs::create_dir(&path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(Error::storage(&path, e)),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use super::*;

    #[test]
    fn what_a_process_left_that_died_goes_with_the_next_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        fs::write(folder.path().join("secrets.json.new"), "a token").unwrap();
        let lock = FileLock::acquire_blocking(&folder.path().join("lock"), Duration::ZERO).unwrap().unwrap();
        replace_locked(&path, b"{}", &lock).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something is left beside it");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600, "others can read it");
        }
    }
}
