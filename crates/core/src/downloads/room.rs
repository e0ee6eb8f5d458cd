//! Room on the disk: asked for before a song is brought, and promised to one song at a time.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Error;

/// What a download leaves free, in bytes: the library must be able to write down that it came.
const LEFT_FREE: u64 = 4 << 20;

/// What this process has promised to downloads that are under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    promised: Arc<AtomicU64>,
}

/// So many bytes for one song. What is not used is given back.
#[derive(Debug)]
pub(crate) struct Promise {
    room: Room,
    left: u64,
}

impl Room {
    /// Promises so many bytes on the folder's disk. `Error::NoRoom` says how many are missing. Where the system does not
    /// tell how much is free, a full disk is found out by writing.
    pub(crate) fn promise(&self, folder: &Path, bytes: u64) -> Result<Promise, Error> {
        let promised = self.promised.fetch_add(bytes, Ordering::Relaxed);
        let promise = Promise { room: self.clone(), left: bytes };
        match free(folder) {
            Ok(free) => match missing(free, promised + LEFT_FREE, bytes) {
                0 => Ok(promise),
                missing => Err(Error::NoRoom { path: folder.to_owned(), bytes, missing }),
            },
            Err(e) => {
                tracing::warn!(error = %e.kind(), "how much of the disk is free is not known");
                Ok(promise)
            }
        }
    }
}

impl Promise {
    /// So many bytes of it have been written: the disk counts them now.
    pub(crate) fn used(&mut self, bytes: u64) {
        let used = bytes.min(self.left);
        self.left -= used;
        self.room.promised.fetch_sub(used, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.room.promised.fetch_sub(self.left, Ordering::Relaxed);
    }
}

fn free(folder: &Path) -> io::Result<u64> {
    fs4::available_space(folder)
}

/// How many bytes are missing for so many more, where `taken` of the free ones are spoken for.
fn missing(free: u64, taken: u64, wanted: u64) -> u64 {
    wanted.saturating_sub(free.saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_missing_is_told_to_the_byte() {
        assert_eq!(missing(100, 0, 100), 0);
        assert_eq!(missing(100, 30, 70), 0);
        assert_eq!(missing(100, 30, 71), 1);
        assert_eq!(missing(10, 30, 5), 5, "what is spoken for may be more than there is");
    }

    #[test]
    fn a_byte_is_promised_once_and_comes_back_when_it_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::default();
        let free = free(folder.path()).unwrap();
        let refused = room.promise(folder.path(), free + 1).unwrap_err();
        assert!(matches!(refused, Error::NoRoom { missing, .. } if missing > LEFT_FREE / 2), "{refused}");
        assert_eq!(room.promised.load(Ordering::Relaxed), 0, "what was refused is not kept from others");
        let most = free.saturating_sub(LEFT_FREE) / 4 * 3;
        let mut first = room.promise(folder.path(), most).unwrap();
        assert!(room.promise(folder.path(), most).is_err(), "the same bytes were promised twice");
        first.used(most + 1);
        assert_eq!(room.promised.load(Ordering::Relaxed), 0);
        drop(first);
        room.promise(folder.path(), most).unwrap();
    }
}
