//! What the hosts of the screen share: the window, and `melody web` for a browser. A host hands the screen's requests on
//! to the core and the core's events back; beside that it starts the demo, serves covers and packs the diagnostics.

mod demo;
mod diagnostics;
mod events;
mod exit;
pub mod logging;
mod playlist;
mod profile;
mod request;
#[cfg(feature = "web")]
pub mod web;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use directories::UserDirs;
use melody_core::{Command, Core, CoreOptions, Cover, Done, Error, ErrorReport};
use melody_model::SongId;
use tokio::{
    sync::{Mutex, broadcast},
    task::JoinHandle,
};

pub use events::{Events, HostEvent, Told};
pub use exit::exit_code;
pub use profile::{secrets_kind, usual_profile};
pub use request::{Answer, HostCommand, HostReply, LocalPath, Request};

use crate::demo::{Demo, Place};

/// Events of the host that a slow screen may be behind by.
const EVENT_BACKLOG: usize = 64;

/// The app behind a screen. Clones share it.
#[derive(Clone, Debug)]
pub struct Host {
    core: Core,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    profile: PathBuf,
    demo: Mutex<Option<Demo>>,
    events: broadcast::Sender<HostEvent>,
    /// Sync by itself, until the app is closed.
    rounds: JoinHandle<()>,
}

impl Host {
    /// Opens the core, and the demo again if it was the demo that was used last.
    pub async fn open(options: CoreOptions) -> Result<Self, Error> {
        let profile = options.profile.clone();
        // A window comes back as it was left.
        let core = Core::open(CoreOptions { keep_queue: true, ..options }).await?;
        let rounds = tokio::spawn({
            let core = core.clone();
            async move { core.work_in_rounds().await }
        });
        let host = Self {
            core,
            inner: Arc::new(Inner {
                profile,
                demo: Mutex::default(),
                events: broadcast::Sender::new(EVENT_BACKLOG),
                rounds,
            }),
        };
        if demo::was_used(&host.inner.profile, &host.core.service().address) {
            // What is on this machine is there without it.
            if let Err(e) = host.start_demo(Place::Kept).await {
                tracing::warn!(code = %e.code(), "the demo does not run");
            }
        }
        Ok(host)
    }

    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Does what the screen asks.
    pub async fn call(&self, request: Request) -> Result<Answer, ErrorReport> {
        let answer = match request {
            Request::Core(command) => self.core.dispatch(command).await.map(Answer::Core),
            Request::Host(command) => self.own(command).await.map(Answer::Host),
        };
        answer.map_err(|e| e.report())
    }

    async fn own(&self, command: HostCommand) -> Result<HostReply, Error> {
        match command {
            HostCommand::StartDemo => {
                self.start_demo(Place::Any).await?;
                Ok(HostReply::Done(Done {}))
            }
            HostCommand::DataFolder => Ok(local_path(&self.inner.profile)),
            HostCommand::OpenDataFolder => {
                show(&self.inner.profile)?;
                Ok(local_path(&self.inner.profile))
            }
            HostCommand::OpenComparison { id } => {
                let page = self.core.comparison_page(&id)?;
                show(&page)?;
                Ok(local_path(&page))
            }
            HostCommand::SaveDiagnostics => {
                let path = diagnostics::save(&self.core, &self.inner.profile).await?;
                Ok(local_path(&path))
            }
            HostCommand::SavePlaylist { playlist, format } => {
                let path = playlist::save(&self.core, &self.inner.profile, playlist, format).await?;
                Ok(local_path(&path))
            }
        }
    }

    /// Starts the demo service in this process, unless it runs here or in another one, and uses it.
    async fn start_demo(&self, place: Place) -> Result<(), Error> {
        let mut running = self.inner.demo.lock().await;
        if running.is_none() {
            *running = Demo::start(&self.inner.profile, place, self.inner.events.clone()).await?;
        }
        let address = match running.as_ref() {
            Some(demo) => demo.address(),
            None => demo::last_address(&self.inner.profile).ok_or(Error::Busy)?,
        };
        if self.core.service().address != address {
            self.core.dispatch(Command::UseService { address }).await?;
        }
        Ok(())
    }

    /// A song's cover, from the disk or from where the service says it is, for a place of `side` pixels.
    pub async fn cover(&self, song: SongId, side: u32) -> Result<Cover, Error> {
        self.core.cover(song, side).await
    }

    /// Everything that happens from now on.
    pub fn events(&self) -> Events {
        Events::new(self.core.events(), self.inner.events.subscribe())
    }

    /// Saves what is to be saved and lets the sound output go.
    pub async fn close(self) -> Result<(), Error> {
        self.inner.rounds.abort();
        let closed = self.core.close().await;
        if let Some(demo) = self.inner.demo.lock().await.take() {
            demo.stop().await;
        }
        closed
    }
}

/// Where files for the listener go: their downloads, or the profile where there are none.
fn downloads_folder(profile: &Path) -> PathBuf {
    let downloads = UserDirs::new().and_then(|dirs| dirs.download_dir().map(Path::to_owned));
    downloads.filter(|folder| folder.is_dir()).unwrap_or_else(|| profile.to_owned())
}

/// Hands a file or a folder to the program that the system has for it.
fn show(path: &Path) -> Result<(), Error> {
    open::that_detached(path)
        .map_err(|e| Error::Invalid(format!("{} could not be opened: {e}.", path.display())))
}

fn local_path(path: &Path) -> HostReply {
    HostReply::LocalPath(LocalPath { path: path.display().to_string() })
}
