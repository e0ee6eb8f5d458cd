//! The profile: one installation's folder, with its settings and a folder for each account on each service.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Error, Preferences, SignedInUser,
    offline::Offline,
    storage::{FileLock, create_folder, replace_locked},
};

/// How long a short write waits for another process (`docs` of the command line: then exit 6).
const WRITE_WAIT: Duration = Duration::from_secs(2);

/// The folder of the cache that nobody is signed in to.
pub(crate) const GUEST: &str = "guest";

/// What the installation remembers between runs. No secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Tells this installation's keyring entries from another profile's.
    pub installation: Uuid,
    /// The service's address, as the user last gave it.
    pub service: Option<String>,
    /// Hosts that may be reached over plain http.
    #[serde(default)]
    pub allow_http: Vec<String>,
    /// Who is signed in, by the service's identity.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountRecord>,
    /// 0 to 1.
    pub volume: Option<f32>,
    #[serde(default)]
    pub preferences: Preferences,
    /// Whether nothing may leave this machine.
    #[serde(default)]
    pub offline: bool,
    /// The id of the chosen sound device; the system's default when absent.
    #[serde(default)]
    pub sound_device: Option<String>,
}

/// The account that is signed in to one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    /// The account's folder and keyring name.
    pub account: String,
    pub user: SignedInUser,
    /// The dialect that the service last spoke.
    pub dialect: Option<String>,
}

/// An installation's folder.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    root: PathBuf,
    offline: Offline,
}

impl Profile {
    /// Opens the folder, making it when it is missing.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        if !root.is_dir() {
            create_folder(root)?;
        }
        Ok(Self { root: root.to_owned(), offline: Offline::default() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The settings as they are on the disk; fresh ones when there are none yet.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let path = self.settings_path();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                tracing::warn!(error = %e, "the settings cannot be read");
                Error::DamagedFile { path, reason: "it is not what was written there".into() }
            }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Ok(Settings { installation: Uuid::new_v4(), ..Settings::default() })
            }
            Err(e) => Err(Error::storage(&path, e)),
        }
    }

    /// Whether the listener works offline, as the settings say now.
    pub(crate) fn is_offline(&self) -> Result<bool, Error> {
        self.offline.is_on(self)
    }

    /// Changes the settings under a lock, so that two processes never lose each other's change. Nothing is
    /// written when nothing changes: a profile on a read-only disk still opens.
    pub(crate) fn update_settings(&self, change: impl Fn(&mut Settings)) -> Result<Settings, Error> {
        let changed = |settings: &Settings| {
            let mut wanted = settings.clone();
            change(&mut wanted);
            (wanted != *settings).then_some(wanted)
        };
        let before = self.settings()?;
        if changed(&before).is_none() {
            return Ok(before);
        }
        let lock = self.lock_settings()?;
        // Read again: another process may have written between the look and the lock.
        let current = self.settings()?;
        let Some(wanted) = changed(&current) else { return Ok(current) };
        let bytes = serde_json::to_vec_pretty(&wanted).map_err(Error::internal)?;
        replace_locked(&self.settings_path(), &bytes, &lock)?;
        Ok(wanted)
    }

    /// Writes the settings as they are. Fails where they could not be changed.
    pub(crate) fn rehearse_settings(&self) -> Result<(), Error> {
        let lock = self.lock_settings()?;
        let bytes = serde_json::to_vec_pretty(&self.settings()?).map_err(Error::internal)?;
        replace_locked(&self.settings_path(), &bytes, &lock)
    }

    fn lock_settings(&self) -> Result<FileLock, Error> {
        FileLock::acquire_blocking(&self.root.join("settings.lock"), WRITE_WAIT)?.ok_or(Error::Busy)
    }

    pub(crate) fn settings_path(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    /// Where `MELODY_SECRETS=file` keeps the tokens.
    pub(crate) fn secrets_path(&self) -> PathBuf {
        self.root.join("secrets.json")
    }

    /// The folder of one account on one service: its database, its audio, its locks.
    pub(crate) fn account_folder(&self, service_identity: &str, account: &str) -> PathBuf {
        self.root.join(short_hash(&["service", service_identity])).join(account)
    }
}

/// The account's name on this machine: stable, and not the number.
pub(crate) fn account_name(service_identity: &str, e164: &str) -> String {
    short_hash(&["account", service_identity, e164])
}

/// Sixteen hex digits of SHA-256 over the parts, each ended by a zero byte.
pub(crate) fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let head = digest.iter().take(8).fold(0u64, |head, byte| head << 8 | u64::from(*byte));
    format!("{head:016x}")
}
