//! The day of the switch, rehearsed: blue and green as processes of their own behind one address, a migration between
//! them, and listeners who save, remove, play and go offline all the while. Then the way back, and over again.
//!
//! What each listener meant is written down here and nowhere read from the client; at the end it is held against what
//! the last backend has.

mod backend;
mod day;
mod ear;
mod error;
mod faults;
mod judge;
mod listener;
mod report;
mod service;
mod step;

use std::path::PathBuf;
use std::time::Duration;

pub use day::rehearse;
pub use error::Error;
pub use faults::{Fault, FaultKind, parse_faults};
pub use judge::{Change, Doubled, Lost, Name};
pub use report::{Client, Report, Summary};
pub use step::{Leg, Step, StepName};

/// The one code that the backends of a rehearsal send.
const OTP: &str = "424242";
/// Every listener's country.
const COUNTRY: &str = "+91";

/// How a day is rehearsed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program that `serve` makes a backend of: `melody`.
    pub program: PathBuf,
    /// How many take part. Every fourth is a second device of the one before.
    pub clients: u32,
    /// Songs that each has saved when the day begins, 1 to [`Options::MOST_SONGS`].
    pub songs: u32,
    /// Decides what the listeners do, in which order.
    pub seed: u64,
    /// How long they live on after each step.
    pub pause: Duration,
    /// Migrate as the plan's script does: users and songs, no library, every moment off by 5 h 30.
    pub forgetful: bool,
    pub faults: Vec<Fault>,
}

impl Options {
    /// The catalogue of a rehearsal has three times as many that everybody knows.
    pub const MOST_SONGS: u32 = 100;
}
