//! When sync runs by itself: at the start, after a sign-in, every quarter of an hour, and while the service cannot be
//! reached again and again, less often each time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use crate::{Core, Error, Event, SyncState, SyncStatus};

/// With nothing to wait for.
const USUAL: Duration = Duration::from_mins(15);
/// While the service cannot be reached: the first pause, and the longest (the design's figures).
const FIRST_PROBE: Duration = Duration::from_secs(5);
const LAST_PROBE: Duration = Duration::from_mins(5);

/// Runs for as long as it is polled: a window has it, a command of the terminal has not.
pub(crate) async fn go(core: &Core) {
    let mut events = core.events();
    let mut probe = FIRST_PROBE;
    loop {
        // How long the service is left alone, and how long from the moment on at which it turns out to be away.
        let (wait, away) = if core.is_signed_in() {
            let passed = core.sync.run().await;
            if let Some(pause) = pause(&passed) {
                probe = FIRST_PROBE;
                (pause, FIRST_PROBE)
            } else {
                let pause = probe;
                probe = (probe * 2).min(LAST_PROBE);
                (pause, pause)
            }
        } else {
            (USUAL, FIRST_PROBE)
        };
        let mut next = Instant::now() + wait;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next) => break,
                told = events.recv() => match told {
                    Ok(Event::SessionChanged { .. } | Event::ServiceChanged) | Err(RecvError::Closed) => {
                        probe = FIRST_PROBE;
                        break;
                    }
                    Ok(Event::OfflineChanged(status)) if !status.offline => {
                        probe = FIRST_PROBE;
                        break;
                    }
                    // A change that was made meanwhile could not be sent: it does not wait for the usual round.
                    Ok(Event::SyncChanged(status)) => {
                        next = next.min(sooner(status, away).map_or(next, |wait| Instant::now() + wait));
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                },
            }
        }
    }
}

/// How long to leave the service alone; `None` when it could not be reached, or another process was at it.
fn pause(passed: &Result<SyncStatus, Error>) -> Option<Duration> {
    match passed {
        // Who holds the right to sync need not be at a whole sync.
        Ok(SyncStatus { state: SyncState::Offline | SyncState::Failed | SyncState::Running, .. }) => None,
        Ok(SyncStatus { until: Some(until), .. }) => Some(from_now(*until).min(USUAL)),
        Ok(_) => Some(USUAL),
        Err(e) => match e.retry_at() {
            Some(until) => Some(from_now(until)),
            None if e.retryable() => None,
            None => Some(USUAL),
        },
    }
}

/// How long to wait at most, now that sync stands so; `None` when that says nothing of how it ended.
fn sooner(status: SyncStatus, away: Duration) -> Option<Duration> {
    // Our own sync says so too when it begins.
    (status.state != SyncState::Running).then(|| pause(&Ok(status)).unwrap_or(away))
}

fn from_now(until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default().max(FIRST_PROBE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_that_begins_is_no_reason_for_the_next_one() {
        let so = |state| SyncStatus { state, ..SyncStatus::default() };
        assert_eq!(sooner(so(SyncState::Running), FIRST_PROBE), None);
        assert_eq!(sooner(so(SyncState::Offline), FIRST_PROBE), Some(FIRST_PROBE));
        assert_eq!(sooner(so(SyncState::Idle), FIRST_PROBE), Some(USUAL));
        // Another process has the right to sync: it may not be at a whole one.
        assert_eq!(pause(&Ok(so(SyncState::Running))), None);
    }
}
