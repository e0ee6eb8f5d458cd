//! Where the sound goes: the trait of outputs, and the choice of ours.

#[cfg(feature = "device")]
pub mod device;
pub mod null;
pub mod recorder;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{Error, Result, Tap};

/// Tells the player, from whatever thread, that the output broke. Only the first report of one opening counts.
pub type Report = Arc<dyn Fn(Trouble) + Send + Sync>;

/// How an output breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The device went away: playback pauses, another opening may work.
    Lost(String),
    /// The output can't go on with this song: a recording's disk is full.
    Failed(Error),
}

/// An output: it draws frames from a [`Tap`] at its own pace, on its own thread.
///
/// The player opens it when there is something to play and may close and reopen it in between.
pub trait Sink: Send {
    /// Begins to draw from `tap`; returns the rate in Hz at which it does. `Error::NoDevice`, `Error::Output`.
    fn open(&mut self, tap: Tap, report: Report) -> Result<u32>;

    /// Waits until what was drawn so far is out for good: written, or nearly heard.
    fn settle(&mut self) -> Result<()>;

    /// Stops drawing and drops the tap before it returns. `Error::Output` when a recording can't be completed.
    fn close(&mut self) -> Result<()>;

    /// Which device the next opening is for; `None` for the system's default. An output without devices has no use for it.
    fn choose(&mut self, _device: Option<String>) {}

    /// After how long without sound it should be closed, so that an idle player lets the computer sleep.
    fn idle_after(&self) -> Option<Duration> {
        None
    }
}

/// The outputs that this room brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// A sound device: the system's default, or the chosen one.
    #[cfg(feature = "device")]
    Device,
    /// Nothing is heard, in real time.
    Null,
    /// A WAV file (stereo, 32-bit float, 48 kHz) with exactly the frames that a device would get, as fast as it can.
    Recorder(PathBuf),
}

impl SinkKind {
    /// Makes the output. A recording's file is created now: `Error::Output`.
    pub fn build(self) -> Result<Box<dyn Sink>> {
        Ok(match self {
            #[cfg(feature = "device")]
            Self::Device => Box::new(device::DeviceSink::new()),
            Self::Null => Box::new(null::NullSink::new()),
            Self::Recorder(path) => Box::new(recorder::RecorderSink::create(&path)?),
        })
    }
}
