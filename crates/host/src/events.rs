//! What happens, as a screen hears of it: the core's events and the host's in one stream.

use std::fmt;

use melody_core::Event;
use serde::Serialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use ts_rs::TS;

/// What only a host can tell.
#[derive(Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HostEvent {
    /// The demo's SMS. It exists so that somebody can read it.
    DemoSms { otp: String },
    /// The screen was too slow and some events are lost: read everything again.
    Missed,
}

impl fmt::Debug for HostEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DemoSms { .. } => "DemoSms(…)",
            Self::Missed => "Missed",
        })
    }
}

/// One event.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Told {
    Core(Event),
    Host(HostEvent),
}

/// The stream of events.
#[derive(Debug)]
pub struct Events {
    core: Receiver<Event>,
    host: Receiver<HostEvent>,
}

impl Events {
    pub(crate) fn new(core: Receiver<Event>, host: Receiver<HostEvent>) -> Self {
        Self { core, host }
    }

    /// The next event; `None` when the app is closed.
    pub async fn next(&mut self) -> Option<Told> {
        let heard = tokio::select! {
            event = self.core.recv() => event.map(Told::Core),
            event = self.host.recv() => event.map(Told::Host),
        };
        match heard {
            Ok(told) => Some(told),
            Err(RecvError::Lagged(_)) => Some(Told::Host(HostEvent::Missed)),
            Err(RecvError::Closed) => None,
        }
    }
}
