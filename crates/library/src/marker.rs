//! A marker beside the database, there while somebody has it open: one that is found with nobody holding it was left
//! by an end that was not clean.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// What the file holds while it counts. Empty, it was taken away by whoever closed the database last.
const OPEN: &[u8] = b"open\n";

/// How often a marker is taken that somebody removes at the same moment.
const TRIES: usize = 20;

/// A share in the marker. The kernel lets go of it when a process dies.
#[derive(Debug)]
pub(crate) struct Marker {
    path: PathBuf,
    file: File,
    /// Whether nobody else has the database open, and nobody can open it meanwhile.
    pub alone: bool,
    /// Whether the last end was not a clean one.
    pub left: bool,
    stays: AtomicBool,
}

impl Marker {
    /// Takes a share, waiting for whoever looks at the database alone at this moment.
    pub fn take(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push(".open");
        let path = PathBuf::from(path);
        let mut tries = TRIES;
        loop {
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let alone = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    file.lock_shared()?;
                    false
                }
                Err(TryLockError::Error(error)) => return Err(error),
            };
            tries -= 1;
            if tries > 0 && !same_file(&file, &path)? {
                continue;
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            let left = alone && content == OPEN;
            if alone {
                file.rewind()?;
                file.write_all(OPEN)?;
            }
            return Ok(Self { path, file, alone, left, stays: AtomicBool::new(false) });
        }
    }

    /// Lets others in: the database is as it should be.
    pub fn share(&mut self) -> io::Result<()> {
        if self.alone {
            self.alone = false;
            self.file.lock_shared()?;
        }
        Ok(())
    }

    /// Has the database looked at when it is opened next, however this ends.
    pub fn stay(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        // Whoever is not the last leaves it to the others. What fails here costs a look at the next start.
        if !self.stays.load(Ordering::Relaxed) && (self.alone || self.file.try_lock().is_ok()) {
            let _ = self.file.set_len(0);
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the file is still the one of this name: the last to close it may have removed it in between.
fn same_file(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let ours = file.metadata()?;
        match fs::metadata(path) {
            Ok(named) => Ok((ours.dev(), ours.ino()) == (named.dev(), named.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.try_exists()
    }
}
