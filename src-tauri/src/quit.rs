//! The end: whoever asks for it, everything is saved first.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    time::Duration,
};

use tauri::{AppHandle, Manager};

use crate::{backend::Backend, window};

/// How long whoever quits waits for everything to be saved.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the end has begun, and with which exit code it comes.
#[derive(Debug, Default)]
pub struct Ending {
    begun: AtomicBool,
    code: AtomicU8,
}

impl Ending {
    /// Lets the program end with this code.
    pub fn with(&self, code: u8) {
        self.code.store(code, Ordering::Relaxed);
    }
}

/// Quits as the window's own button does.
pub fn ask(app: &AppHandle) {
    // With its window closed the app ends; where that fails, it ends without.
    if !window::close(app) {
        begin(app);
    }
}

/// Saves everything, then ends the program. Asked twice, it is done once.
pub fn begin(app: &AppHandle) {
    let ending = app.state::<Ending>();
    if ending.begun.swap(true, Ordering::Relaxed) {
        return;
    }
    let backend = app.state::<Backend>().inner().clone();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        backend.close(PATIENCE).await;
        app.exit(app.state::<Ending>().code.load(Ordering::Relaxed).into());
    });
}

/// Quits on Ctrl-C and SIGTERM.
pub async fn on_signal(app: AppHandle) {
    match signal().await {
        Ok(()) => ask(&app),
        Err(e) => tracing::warn!(error = %e, "signals are not heard"),
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
