//! Whether nothing may leave this machine: known in memory, and looked up again when the settings' file is another one,
//! because another process may have changed it.

use std::{
    fs::{self, Metadata},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use crate::{Error, profile::Profile};

/// What the settings say of working offline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offline {
    known: Arc<Mutex<Option<(Version, bool)>>>,
}

/// By what one version of a file that is replaced whole is told from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    changed: SystemTime,
    bytes: u64,
    /// Where the system tells it.
    file: u64,
}

impl Offline {
    /// Whether the listener works offline. One look at the file's date, unless it has changed: this is asked for each
    /// request and for each piece of a song.
    pub(crate) fn is_on(&self, profile: &Profile) -> Result<bool, Error> {
        let version = fs::metadata(profile.settings_path()).ok().and_then(|file| Version::of(&file));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, offline)) = *known
            && Some(of) == version
        {
            return Ok(offline);
        }
        // What is read now is this version or a newer one; then it is read once more than needed.
        let offline = profile.settings()?.offline;
        *known = version.map(|version| (version, offline));
        Ok(offline)
    }
}

impl Version {
    fn of(file: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(file);
        #[cfg(not(unix))]
        let number = 0;
        Some(Self { changed: file.modified().ok()?, bytes: file.len(), file: number })
    }
}
