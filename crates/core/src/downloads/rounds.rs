//! When what waits is tried again by itself: at the start, when the service answers again, and less and less often while it
//! does not.

use std::time::Duration;

use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::Downloads;
use crate::{DownloadState, Event, SyncState};

/// The first pause while something waits, and the longest (sync's figures).
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(5);

impl Downloads {
    /// Runs for as long as it is polled: a window has it, a command of the terminal has not.
    pub(crate) async fn in_rounds(&self) {
        let mut events = self.context.events();
        let mut pause = FIRST;
        loop {
            let waits = match self.fetch_queued().await {
                Ok(list) => list.downloads.iter().any(|row| row.state == DownloadState::Queued),
                Err(e) => {
                    tracing::warn!(code = %e.code(), "downloads could not be gone on with");
                    true
                }
            };
            let next = Instant::now() + pause;
            pause = if waits { (pause * 2).min(LONGEST) } else { FIRST };
            loop {
                tokio::select! {
                    () = tokio::time::sleep_until(next), if waits => break,
                    told = events.recv() => match told {
                        // Somebody else is on, or the service answers: what failed for want of it may pass now.
                        Ok(Event::SessionChanged { .. } | Event::ServiceChanged) | Err(RecvError::Closed) => break,
                        Ok(Event::OfflineChanged(status)) if !status.offline => break,
                        Ok(Event::SyncChanged(status)) if waits && status.state == SyncState::Idle => break,
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                    },
                }
            }
        }
    }
}
