//! The screen's way to the host: one command down, one stream of events up.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use melody_core::{Check, Code, ErrorReport, Reply};
use melody_host::{Answer, Host};
use serde_json::Value;
use tauri::{AppHandle, Emitter, State};
use tokio::sync::watch;

/// The event under which the screen hears everything.
const EVENT: &str = "event";

/// The host, which opens while the window does.
#[derive(Clone, Debug)]
pub struct Backend {
    opened: watch::Receiver<Option<Host>>,
    /// What the desktop has of what we can use.
    desktop: Arc<OnceLock<Vec<Check>>>,
}

impl Backend {
    /// The backend, and where its host goes when it is open. Dropping that says that there will be none.
    pub fn new() -> (Self, watch::Sender<Option<Host>>) {
        let (sender, opened) = watch::channel(None);
        (Self { opened, desktop: Arc::default() }, sender)
    }

    /// The host, once it is open; `None` when it could not be opened.
    pub async fn host(&self) -> Option<Host> {
        let mut opened = self.opened.clone();
        opened.wait_for(Option::is_some).await.ok().and_then(|host| host.clone())
    }

    /// Adds to every look at what must work what was found of the desktop. It is found once.
    pub fn found(&self, desktop: Vec<Check>) {
        let _ = self.desktop.set(desktop);
    }

    /// Saves and closes; gives up after a while, since whoever quits does not wait for ever.
    pub async fn close(&self, patience: Duration) {
        let closing = async { if let Some(host) = self.host().await { host.close().await } else { Ok(()) } };
        match tokio::time::timeout(patience, closing).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!(code = %e.code(), "closing failed"),
            Err(_) => tracing::error!("closing took too long; what was changed last may be lost"),
        }
    }
}

/// The one command of the screen.
#[tauri::command]
pub async fn call(backend: State<'_, Backend>, request: Value) -> Result<Answer, ErrorReport> {
    let Ok(request) = serde_json::from_value(request) else {
        // Which field it was might say a phone number or a code.
        return Err(ErrorReport::local(Code::Usage, "This request cannot be read.".into()));
    };
    let Some(host) = backend.host().await else {
        return Err(ErrorReport::local(Code::ProcessingError, "Melody Studio is closing.".into()));
    };
    let mut answer = host.call(request).await?;
    if let Answer::Core(Reply::Health(health)) = &mut answer {
        health.checks.extend(backend.desktop.get().into_iter().flatten().cloned());
    }
    Ok(answer)
}

/// Hands every event to the screen until the app is closed.
pub async fn forward(app: AppHandle, host: Host) {
    let mut events = host.events();
    while let Some(told) = events.next().await {
        if let Err(e) = app.emit(EVENT, &told) {
            tracing::warn!(error = %e, "an event did not reach the screen");
        }
    }
}
