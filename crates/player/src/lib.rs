//! Bytes to sound: decode, resample, output. It knows no network, no database and no async runtime.
//!
//! ```text
//! Player (handle) ── commands ─▶ stage ── orders ─▶ worker ─▶ ring ─▶ tap, drawn from by the sink's thread
//!                 ◀── events ───       ◀─ findings ─┘
//! ```
//!
//! Three threads, and none waits for another: the stage decides and never reads a source, the worker may be stuck in a
//! slow read, the sink only copies.

mod channels;
mod check;
mod decode;
mod engine;
mod error;
mod event;
mod format;
mod mp4;
mod resample;
mod ring;
pub mod sink;
mod sniff;
mod source;
mod stage;
mod tail;
mod tap;
mod worker;

pub use check::check;
#[cfg(feature = "device")]
pub use check::default_device;
pub use engine::{PlayOptions, Player};
pub use error::{Error, Result};
pub use event::{Event, Format, Position, RequestId};
#[cfg(feature = "device")]
pub use sink::device::{Device, devices};
pub use sink::{Report, Sink, SinkKind, Trouble};
pub use source::{Cancel, Hint, Source};
pub use tap::Tap;
