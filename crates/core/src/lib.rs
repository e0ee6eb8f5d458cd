//! The app without a face: session, search, library, downloads, playback, behind one set of commands.

mod code;
mod command;
mod event;

pub use code::{Code, ErrorReport};
pub use command::*;
pub use event::{Event, PlaybackEvent, PlayedRow};
