//! Where tokens are kept: the system's keyring, or a file that only the owner can read.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::{
    Error,
    storage::{FileLock, replace_locked},
};

/// A keyring that has not answered by then will not: a start-up never hangs on it.
const KEYRING_PATIENCE: Duration = Duration::from_secs(4);
/// One that did not answer is not asked again for so long: a command waits once, and a window hears when it is back.
const SILENCE: Duration = Duration::from_secs(30);
const FILE_PATIENCE: Duration = Duration::from_secs(2);
/// The name under which the keyring's own window shows our entries.
const KEYRING_SERVICE: &str = "Melody Studio";

/// Which kind of place the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsKind {
    Keyring,
    /// `secrets.json` in the profile, mode 0600: for machines without a keyring.
    File,
}

/// Secrets by name.
#[derive(Debug)]
pub(crate) enum Secrets {
    Keyring { silent: Silence },
    File { path: PathBuf },
}

/// Since when the keyring does not answer.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    fn begins(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    fn lasts(&self, now: Instant) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| now.saturating_duration_since(since) < SILENCE)
    }
}

impl Secrets {
    pub(crate) fn new(kind: SecretsKind, file: PathBuf) -> Self {
        match kind {
            SecretsKind::Keyring => Self::Keyring { silent: Silence::default() },
            SecretsKind::File => {
                keep_private(&file);
                Self::File { path: file }
            }
        }
    }

    /// Whether secrets can be kept at all. Asked before an OTP is spent on a sign-in that could not be kept. It
    /// writes: a locked keyring still answers that it holds nothing.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        self.set("probe", &SecretString::from("probe")).await?;
        self.delete("probe").await
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Option<SecretString>, Error> {
        match self {
            Self::Keyring { silent } => {
                ask_keyring(silent, name, |entry| match entry.get_password() {
                    Ok(secret) => Ok(Some(SecretString::from(secret))),
                    Err(keyring_core::Error::NoEntry) => Ok(None),
                    Err(e) => Err(e),
                })
                .await
            }
            Self::File { path } => Ok(read_file(path)?.remove(name).map(SecretString::from)),
        }
    }

    pub(crate) async fn set(&self, name: &str, secret: &SecretString) -> Result<(), Error> {
        match self {
            Self::Keyring { silent } => {
                let secret = secret.clone();
                ask_keyring(silent, name, move |entry| entry.set_password(secret.expose_secret())).await
            }
            Self::File { path } => {
                let (name, secret) = (name.to_owned(), secret.clone());
                change_file(path, move |all| {
                    all.insert(name, secret.expose_secret().to_owned());
                })
                .await
            }
        }
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), Error> {
        match self {
            Self::Keyring { silent } => {
                ask_keyring(silent, name, |entry| match entry.delete_credential() {
                    Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
                    Err(e) => Err(e),
                })
                .await
            }
            Self::File { path } => {
                let name = name.to_owned();
                change_file(path, move |all| {
                    all.remove(&name);
                })
                .await
            }
        }
    }
}

/// Runs one keyring call on a thread of its own: a service that starts but never answers blocks for ever,
/// and only a thread that nobody waits for can be left behind.
async fn ask_keyring<T: Send + 'static>(
    silent: &Silence,
    name: &str,
    call: impl FnOnce(&keyring::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, Error> {
    if silent.lasts(Instant::now()) {
        return Err(Error::KeyringSilent);
    }
    let (answer, answered) = oneshot::channel();
    let name = name.to_owned();
    std::thread::Builder::new()
        .name("keyring".into())
        .spawn(move || {
            // The receiver is gone when we were too slow; then there is nobody to tell.
            let _ = answer.send(keyring::Entry::new(KEYRING_SERVICE, &name).and_then(|entry| call(&entry)));
        })
        .map_err(Error::internal)?;
    match tokio::time::timeout(KEYRING_PATIENCE, answered).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(e))) => Err(keyring_error(&e)),
        Ok(Err(_)) => Err(Error::KeyringMissing),
        Err(_) => {
            silent.begins(Instant::now());
            Err(Error::KeyringSilent)
        }
    }
}

fn keyring_error(error: &keyring_core::Error) -> Error {
    // The library's error may hold the secret's bytes (BadEncoding): only its kind goes on.
    match error {
        keyring_core::Error::NoStorageAccess(_) => Error::KeyringLocked,
        keyring_core::Error::NoDefaultStore | keyring_core::Error::PlatformFailure(_) => {
            Error::KeyringMissing
        }
        _ => Error::KeyringRefused,
    }
}

/// Takes from others what only the owner may have: the file may have come out of a backup, or by another's hand. Where
/// that is not possible (a read-only disk) its secrets are of use all the same.
fn keep_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        const OTHERS: u32 = 0o077;
        let Ok(meta) = fs::metadata(path) else { return };
        if meta.permissions().mode() & OTHERS == 0 {
            return;
        }
        let tightened = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
        // Somebody else's file cannot be changed, but replaced.
        let done = tightened.map_err(|e| Error::storage(path, e)).or_else(|_| {
            let lock = lock(path)?;
            let bytes = fs::read(path).map_err(|e| Error::storage(path, e))?;
            replace_locked(path, &bytes, &lock)
        });
        match done {
            Ok(()) => tracing::warn!("others could read the secrets; now they cannot"),
            Err(e) => tracing::warn!(error = %e, "others can read the secrets"),
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| Error::DamagedFile {
            path: path.to_owned(),
            // The parser's own words could quote the file.
            reason: "it is not the JSON that was written".into(),
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(e) => Err(Error::storage(path, e)),
    }
}

/// Changes the file on a thread that may wait for another process and for the disk.
async fn change_file(
    path: &Path,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), Error> {
    let path = path.to_owned();
    let changed = tokio::task::spawn_blocking(move || {
        let lock = lock(&path)?;
        let mut all = read_file(&path)?;
        change(&mut all);
        replace_locked(&path, &serde_json::to_vec(&all).map_err(Error::internal)?, &lock)
    });
    changed.await.map_err(Error::internal)?
}

fn lock(path: &Path) -> Result<FileLock, Error> {
    FileLock::acquire_blocking(&path.with_extension("lock"), FILE_PATIENCE)?.ok_or(Error::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_keyring_is_asked_again_after_a_while() {
        let (silence, now) = (Silence::default(), Instant::now());
        assert!(!silence.lasts(now));
        silence.begins(now);
        assert!(silence.lasts(now + SILENCE / 2), "one command would wait for it twice");
        assert!(!silence.lasts(now + SILENCE), "it may be back");
    }
}
