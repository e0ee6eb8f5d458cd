//! The demo: the reference service in this process, with songs made for it and its data in the profile.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use melody_core::Error;
use melody_server::{Options, Server};
use tokio::{sync::broadcast, task::JoinHandle};

use crate::HostEvent;

/// A demo service that runs.
#[derive(Debug)]
pub(crate) struct Demo {
    server: Server,
    /// Hands the SMS on.
    messenger: JoinHandle<()>,
    /// One process at a time has the demo of a profile: two would write to the same data.
    _lock: File,
}

/// Where the demo may listen, if it has listened somewhere before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// There or nowhere: elsewhere, the sign-in and the library of last time would be another service's.
    Kept,
    /// There, or on another port if that one is taken now.
    Any,
}

impl Demo {
    /// Starts it where it was before, so that the sign-in and the library of last time are still its own. `None` when
    /// another process has it running.
    pub(crate) async fn start(
        profile: &Path,
        place: Place,
        events: broadcast::Sender<HostEvent>,
    ) -> Result<Option<Self>, Error> {
        let folder = folder(profile);
        let Some(lock) = lock(&folder)? else { return Ok(None) };
        let options = |port| Options { port, data: Some(folder.clone()), ..Options::default() };
        let started = match last_port(profile) {
            Some(port) => match melody_server::start(options(port)).await {
                Err(melody_server::Error::Io(e))
                    if e.kind() == io::ErrorKind::AddrInUse && place == Place::Any =>
                {
                    melody_server::start(options(0)).await
                }
                other => other,
            },
            None => melody_server::start(options(0)).await,
        };
        let server = started.map_err(|e| match e {
            melody_server::Error::Data { folder, cause } => Error::storage(&folder, cause),
            e => Error::Invalid(format!("The demo cannot start: {e}.")),
        })?;
        if let Some(port) = port_of(&server.base_url()) {
            // A demo that cannot be found again is still a demo.
            if let Err(e) = fs::write(port_file(profile), port.to_string()) {
                tracing::warn!(error = %e.kind(), "the demo's port could not be kept");
            }
        }
        let mut messages = server.otps();
        let messenger = tokio::spawn(async move {
            while let Ok(sms) = messages.recv().await {
                let _ = events.send(HostEvent::DemoSms { otp: sms.otp });
            }
        });
        Ok(Some(Self { server, messenger, _lock: lock }))
    }

    pub(crate) fn address(&self) -> String {
        self.server.base_url()
    }

    pub(crate) async fn stop(self) {
        self.messenger.abort();
        self.server.shutdown().await;
    }
}

/// Where the demo of this profile was last.
pub(crate) fn last_address(profile: &Path) -> Option<String> {
    last_port(profile).map(|port| format!("http://127.0.0.1:{port}"))
}

/// Whether an address is that of the demo of this profile.
pub(crate) fn was_used(profile: &Path, address: &str) -> bool {
    last_port(profile).is_some_and(|port| port_of(address) == Some(port) && address.contains("127.0.0.1"))
}

/// The right to run the demo, until the file is closed; `None` while another process has it.
fn lock(folder: &Path) -> Result<Option<File>, Error> {
    let path = folder.join("lock");
    let open = || {
        fs::create_dir_all(folder)?;
        File::options().create(true).truncate(false).write(true).open(&path)
    };
    let file = open().map_err(|e| Error::storage(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(Error::storage(&path, e)),
    }
}

fn folder(profile: &Path) -> PathBuf {
    profile.join("demo")
}

fn port_file(profile: &Path) -> PathBuf {
    folder(profile).join("port")
}

fn last_port(profile: &Path) -> Option<u16> {
    fs::read_to_string(port_file(profile)).ok()?.trim().parse().ok()
}

fn port_of(address: &str) -> Option<u16> {
    address.rsplit(':').next()?.trim_end_matches('/').parse().ok()
}
