//! Parts that a process left in the cache when it died: the next one that opens the account removes them.

use std::{ffi::OsStr, fs, path::Path, time::Duration};

use super::{FOLDER, remove};
use crate::{downloads::LOCKS, storage::FileLock};

/// Removes the parts of songs that nobody is at. Where that cannot be done they stay: nothing counts them.
pub(crate) fn sweep(account: &Path) {
    let Ok(files) = fs::read_dir(account.join(FOLDER)) else { return };
    let paths = files.flatten().map(|file| file.path());
    for part in paths.filter(|path| path.extension() == Some(OsStr::new("part"))) {
        let Some(song) = part.file_stem() else { continue };
        // Whoever is at a song holds its lock, which goes by the same name.
        let lock = FileLock::acquire_blocking(&account.join(LOCKS).join(song), Duration::ZERO);
        if matches!(lock, Ok(Some(_)))
            && let Err(e) = remove(&part)
        {
            tracing::warn!(code = %e.code(), "a part could not be removed from the cache");
        }
    }
}
