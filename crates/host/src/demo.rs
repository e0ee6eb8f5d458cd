//! The demo: the reference service in this process, with songs made for it and its data in the profile.

use std::{
    fs, io,
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
}

impl Demo {
    /// Starts it where it was before, so that the sign-in and the library of last time are still its own; on another
    /// port if that one is taken now.
    pub(crate) async fn start(profile: &Path, events: broadcast::Sender<HostEvent>) -> Result<Self, Error> {
        let folder = folder(profile);
        let options = |port| Options { port, data: Some(folder.clone()), ..Options::default() };
        let started = match last_port(profile) {
            Some(port) => match melody_server::start(options(port)).await {
                Err(melody_server::Error::Io(e)) if e.kind() == io::ErrorKind::AddrInUse => {
                    melody_server::start(options(0)).await
                }
                other => other,
            },
            None => melody_server::start(options(0)).await,
        };
        let server = started.map_err(|e| Error::Invalid(format!("The demo cannot start: {e}.")))?;
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
        Ok(Self { server, messenger })
    }

    pub(crate) fn address(&self) -> String {
        self.server.base_url()
    }

    pub(crate) async fn stop(self) {
        self.messenger.abort();
        self.server.shutdown().await;
    }
}

/// Whether an address is that of the demo of this profile.
pub(crate) fn was_used(profile: &Path, address: &str) -> bool {
    last_port(profile).is_some_and(|port| port_of(address) == Some(port) && address.contains("127.0.0.1"))
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
