//! What was an account's folder and is to be forgotten: moved aside in one step, removed afterwards.
//!
//! A process that dies in between leaves a folder that nobody opens; the next one removes it.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Error,
    context::SYNC_LOCK,
    storage::{FileLock, sync_folder},
};

/// The ending of a folder that was moved aside.
const ENDING: &str = "forgotten";

/// Moves an account's folder out of the way. The caller holds its sync lock.
pub(crate) fn set_aside(folder: &Path) -> Result<PathBuf, Error> {
    let aside = folder.with_extension(ENDING);
    // What a process left that died: a folder that is not empty cannot be moved onto.
    remove(&aside)?;
    fs::rename(folder, &aside).and_then(|()| parent_synced(folder)).map_err(|e| Error::storage(folder, e))?;
    Ok(aside)
}

/// Removes a folder that was moved aside; one that is gone already is no failure.
pub(crate) fn remove(aside: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(aside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::storage(aside, e)),
        _ => Ok(()),
    }
}

/// Removes what processes that died left below the profile, unless one is still at it.
pub(crate) fn sweep(profile: &Path) {
    for aside in leftovers(profile) {
        let removed = match FileLock::acquire_blocking(&aside.join(SYNC_LOCK), Duration::ZERO) {
            Ok(None) => continue,
            // Where there is not even a file to lock, the rest is going or gone.
            Ok(Some(_)) | Err(_) => remove(&aside),
        };
        // On a read-only disk it has to stay; nobody opens it.
        if let Err(e) = removed {
            tracing::warn!(code = %e.code(), "what was to be forgotten could not be removed");
        }
    }
}

fn leftovers(profile: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let services = below(profile).into_iter().filter(|path| path.is_dir());
    let accounts = services.flat_map(|service| below(&service));
    accounts.filter(|path| path.extension() == Some(OsStr::new(ENDING)) && path.is_dir()).collect()
}

fn parent_synced(folder: &Path) -> io::Result<()> {
    folder.parent().map_or(Ok(()), sync_folder)
}
