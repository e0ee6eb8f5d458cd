//! A folder for what a server makes while it runs. It goes with the server; what a killed one left goes with the next.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use tempfile::TempDir;

const PREFIX: &str = "melody-server-";
/// Held for as long as the folder is in use; the kernel lets go of it when a process dies.
const LOCK: &str = "lock";

/// The folder, removed when this is dropped.
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    pub fn new() -> io::Result<Self> {
        Self::below(&std::env::temp_dir())
    }

    fn below(place: &Path) -> io::Result<Self> {
        sweep(place);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
        // Locked before it has its name: a lock that can be seen and taken is of a server that has died.
        let unnamed = folder.path().join("lock.new");
        let lock = File::create(&unnamed)?;
        lock.lock()?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of servers that have died. One that cannot be removed is somebody else's.
fn sweep(place: &Path) {
    for folder in fs::read_dir(place).into_iter().flatten().flatten() {
        if !folder.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        if let Ok(lock) = File::options().write(true).open(folder.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(folder.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use super::*;

    #[test]
    fn what_a_killed_server_left_goes_with_the_next() {
        let place = tempfile::tempdir().unwrap();
        let left = place.path().join("melody-server-left");
        let others = place.path().join("melody-server-of-another-program");
        for folder in [&left, &others] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("song.flac"), b"sound").unwrap();
        }
        File::create(left.join(LOCK)).unwrap();
        let first = Scratch::below(place.path()).unwrap();
        assert!(!left.exists(), "it is still there");
        let second = Scratch::below(place.path()).unwrap();
        assert!(first.path().is_dir() && second.path().is_dir(), "one that is in use was taken away");
        assert!(others.is_dir());
        drop((first, second));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
